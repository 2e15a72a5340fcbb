"""The supported releases of the official clients, each installed in a separate environment.

`python -m tests.stack.clients.releases` installs all of them, `… always` only the one that every test run uses. Each
may install up to 400 MB of libraries: too much for the project's environment and for every test run.
"""

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

NO_NODE = "Node.js with npm is not installed"
HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of a client. `driver` is the program that uses it; `also` are further packages to install.

    pip checks a release with a `lock` file, and its dependencies, against the hashes in that file.
    """

    package: str
    version: str
    driver: Path
    also: tuple[str, ...] = ()
    lock: Path | None = None

    def __str__(self) -> str:
        return f"{self.package.rpartition('/')[2]}-{self.version}"

    @property
    def folder(self) -> Path:
        """The folder of its environment."""
        return ROOT / ".venv-clients" / str(self)

    @property
    def missing(self) -> str:
        """Why the release cannot run here; empty if it can."""
        if self.lacks_node:
            return NO_NODE
        return "" if self._installed.exists() else f"{self} is not installed: make clients"

    @property
    def lacks_node(self) -> bool:
        """Whether the release needs Node.js, which is not installed."""
        return self.in_javascript and not (shutil.which("node") and shutil.which("npm"))

    @property
    def in_javascript(self) -> bool:
        """Whether the client is a JavaScript package; otherwise it is a Python package."""
        return self.driver.suffix == ".mjs"

    def command(self) -> list[str]:
        """Build the command that runs the driver. It needs the environment's folder as cwd, and the driver on stdin."""
        if self.in_javascript:
            # Read from stdin: Node.js then looks for packages in the working directory, not next to the driver.
            return [_resolve("node"), "--input-type=module", "-"]
        return [str(self.folder / "bin/python"), "-P", str(self.driver)]

    def install(self) -> None:
        """Create the environment, unless an earlier installation completed."""
        if self._installed.exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.in_javascript:
            self.folder.mkdir(parents=True)
            (self.folder / "package.json").write_text("{}")
            npm = (_resolve("npm"), "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund")
            _run(*npm, f"{self.package}@{self.version}", cwd=self.folder)
        else:
            venv.create(self.folder, with_pip=True)
            options = ("--quiet", "--disable-pip-version-check", "--no-compile")
            pip = (str(self.folder / "bin/python"), "-m", "pip", "install", *options)
            pinned = (f"{self.package}=={self.version}", *self.also)
            locked = ("--no-deps", "--require-hashes", "--requirement", str(self.lock))
            _run(*pip, *(locked if self.lock else pinned), cwd=self.folder)
        self._installed.touch()

    @property
    def _installed(self) -> Path:
        return self.folder / "installed"


def _resolve(program: str) -> str:
    return shutil.which(program) or program


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True)  # noqa: S603 package managers, with the pins of this file


PYTHON, JAVASCRIPT, CLI = (HERE / name for name in ("python_client.py", "js_client.mjs", "cli_client.py"))
# The first release is the one of every test run, and of `make smoke`, which handles an access key. 8.43.1 is the
# strictest client of the current wire format, and lacks some providers. 8.58.0 resolves the names of spaces, and
# validates spaces strictly.
ALWAYS = Release(package="arize", version="8.6.0", driver=PYTHON, lock=ROOT / "requirements" / "client.txt")
RELEASES = (
    ALWAYS,
    Release(package="arize", version="8.30.0", driver=PYTHON),
    Release(package="arize", version="8.39.0", driver=PYTHON),
    Release(package="arize", version="8.43.1", driver=PYTHON),
    Release(package="arize", version="8.58.0", driver=PYTHON),
    Release(package="arize", version="8.61.0", driver=PYTHON),
    Release(package="@arizeai/ax-client", version="1.23.0", driver=JAVASCRIPT),
    Release(package="@arizeai/ax-client", version="1.28.0", driver=JAVASCRIPT),
    Release(package="arize-ax-cli", version="0.25.1", driver=CLI),
    Release(package="arize-ax-cli", version="0.39.0", driver=CLI, also=("arize==8.61.0",)),
)


def main(arguments: list[str]) -> int:
    """Install the requested releases; skip those that need Node.js, with a message, if it is not installed."""
    for release in (ALWAYS,) if arguments == ["always"] else RELEASES:
        if release.lacks_node:
            print(f"Skipping {release}: {NO_NODE}.", file=sys.stderr)
        else:
            print(f"Installing {release} …")
            release.install()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
