"""Where a local stack keeps what it writes."""

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
    """The state folder. The emulator stores provider keys in the clear there, so only its owner may read it."""

    folder: Path

    @property
    def connection(self) -> Path:
        """What a client needs; it exists while the stack serves."""
        return self.folder / "connection.env"

    @property
    def sam_environments(self) -> Path:
        """What `sam local` needs; it exists while containers reach the stack."""
        return self.folder / "sam.json"

    @property
    def data(self) -> Path:
        """What survives a restart."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """One file per function, and `emulator.log`."""
        return self.folder / "logs"

    @property
    def layers(self) -> Path:
        """Copies of the layers' own code, as it was at the start."""
        return self.folder / "layers"

    @property
    def temporary(self) -> Path:
        """What the emulator unpacks; worth nothing after it ends."""
        return self.folder / "tmp"

    @contextmanager
    def held(self) -> Iterator[int]:
        """Keep other commands out of this folder; gives the lock's descriptor, for child processes to inherit."""
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
        """Leave nothing of an earlier run but its data and its logs."""
        self.connection.unlink(missing_ok=True)
        for folder in (self.temporary, self.layers):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.temporary, self.layers, self.data, self.logs):
            folder.mkdir(exist_ok=True)

    def empty(self) -> None:
        """Forget the data."""
        shutil.rmtree(self.data, ignore_errors=True)
