"""The folder in which a local stack stores its data, logs and temporary files."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.local.errors import LocalStackError

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The state folder. Only its owner can read it, because the emulator stores provider keys there in plain text."""

    folder: Path

    @property
    def connection(self) -> Path:
        """Environment variables for clients. The file exists while the stack serves."""
        return self.folder / "connection.env"

    @property
    def sam_environments(self) -> Path:
        """Environment variables for `sam local`. The file exists while `make containers` runs."""
        return self.folder / "sam.json"

    @property
    def data(self) -> Path:
        """Data that survives a restart."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """One log file per function, and `emulator.log`."""
        return self.folder / "logs"

    @property
    def layers(self) -> Path:
        """Copies of the layers' code, made at the start."""
        return self.folder / "layers"

    @property
    def temporary(self) -> Path:
        """Files that the emulator unpacks. Not needed after it ends."""
        return self.folder / "tmp"

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Lock the folder against other commands. Yields the file descriptor, which child processes inherit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LocalStackError(
                    f"A local stack is running on {self.folder}: stop it first (Ctrl-C where it runs)."
                ) from error
            yield lock.fileno()

    def prepare(self) -> None:
        """Delete everything of an earlier run except its data and logs."""
        self.connection.unlink(missing_ok=True)
        for folder in (self.temporary, self.layers):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.temporary, self.layers, self.data, self.logs):
            folder.mkdir(exist_ok=True)

    def delete_data(self) -> None:
        """Delete the data."""
        shutil.rmtree(self.data, ignore_errors=True)
