"""The releases of the official clients that must work, and how each gets an environment of its own.

`python -m tests.stack.clients.releases` installs all, `… always` the one that every test run tries. They bring up to
400 MB of libraries each, which is why they are not in the project's environment and not part of every test run.
"""

import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.builders import ROOT

NO_NODE = "Node.js with npm is not installed"
HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of a client. `driver` is the program that walks through its public surface."""

    package: str
    version: str
    driver: Path
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.package.rpartition('/')[2]}-{self.version}"

    @property
    def folder(self) -> Path:
        """Where its environment is."""
        return ROOT / ".venv-clients" / str(self)

    @property
    def missing(self) -> str:
        """Say what is needed to run it; empty if nothing is."""
        if self.lacks_node:
            return NO_NODE
        return "" if self._installed.exists() else f"{self} is not installed: make clients"

    @property
    def lacks_node(self) -> bool:
        """Tell whether it needs Node.js and this machine has none."""
        return self.in_javascript and not (shutil.which("node") and shutil.which("npm"))

    @property
    def in_javascript(self) -> bool:
        """Tell what it is written in."""
        return self.driver.suffix == ".mjs"

    def command(self) -> list[str]:
        """Return what runs the driver, in the folder of its environment and with the driver as its input."""
        if self.in_javascript:
            # From standard input, so that packages are looked for in the folder where it runs and not where it lies.
            return [_path_of("node"), "--input-type=module", "-"]
        return [str(self.folder / "bin/python"), "-P", str(self.driver)]

    def install(self) -> None:
        """Make the environment anew, unless it is whole."""
        if self._installed.exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.in_javascript:
            self.folder.mkdir(parents=True)
            (self.folder / "package.json").write_text("{}")
            npm = (_path_of("npm"), "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund")
            _run(*npm, f"{self.package}@{self.version}", cwd=self.folder)
        else:
            venv.create(self.folder, with_pip=True)
            pip = (str(self.folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            _run(*pip, f"{self.package}=={self.version}", *self.also, cwd=self.folder)
        self._installed.touch()

    @property
    def _installed(self) -> Path:
        return self.folder / "installed"


def _path_of(program: str) -> str:
    return shutil.which(program) or program


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True)  # noqa: S603 package managers, with the pins of this file


PYTHON, JAVASCRIPT, CLI = (HERE / name for name in ("python_client.py", "js_client.mjs", "cli_client.py"))
# The one that every test run tries. Of the others, 8.43.1 is the strictest in the newer spelling and does not know all
# providers; 8.58.0 looks for spaces and is strict about them.
ALWAYS = Release(package="arize", version="8.6.0", driver=PYTHON)
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
    """Install what is asked for; leave out, and say so, what this machine can not have."""
    for release in (ALWAYS,) if arguments == ["always"] else RELEASES:
        if release.lacks_node:
            print(f"{release} is left out: {NO_NODE}.", file=sys.stderr)
        else:
            print(f"Installing {release} …")
            release.install()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
