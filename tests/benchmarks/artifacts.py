"""What is measured: the layers and functions as they are deployed, and the same without bytecode."""

import compileall
import importlib.metadata
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from local.layers import _with_requirements

from tests.builders import ROOT

PLAIN = Path(__file__).parent / "plain"
PYTHON = "python3.13"  # the runtime's, of which the bytecode is


@dataclass(frozen=True, kw_only=True)
class Artifacts:
    """Folders to put on the search path; each exists with bytecode and, in `bare`, without."""

    folder: Path

    def path(self, function: str, *, bytecode: bool = True) -> list[Path]:
        """Return where a function's process looks for modules: as in Lambda, or for the baseline in its own package."""
        made = self.folder / ("compiled" if bytecode else "bare")
        if function == "plain":
            return [made / "plain"]
        # Lambda's runtime brings boto3 with bytecode, whatever the layers have.
        return [made / "functions" / function, made / "shared", made / "dependencies", self.folder / "runtime"]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return the bytes of each package, zipped and unzipped."""
        parts = {name: self.folder / "compiled" / name for name in ("dependencies", "shared")}
        return {name: _sizes(each) for name, each in (parts | {"plain": self.folder / "bare" / "plain"}).items()}


def build(folder: Path) -> Artifacts:
    """Build everything anew, the layers by the very Makefiles that `sam build` runs."""
    shutil.rmtree(folder, ignore_errors=True)
    compiled, bare = folder / "compiled", folder / "bare"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for layer, target in (("dependencies", "build-DependenciesLayer"), ("shared", "build-SharedLayer")):
        built = folder / "layers" / layer
        built.mkdir(parents=True)
        command = ["make", "-s", "-C", str(ROOT / "layers" / layer), target, f"ARTIFACTS_DIR={built}"]
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - our own Makefiles
        shutil.copytree(built / "python", compiled / layer)
        shutil.copytree(built / "python", bare / layer, ignore=shutil.ignore_patterns("__pycache__"))
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", compiled / "functions", ignore=ignored)
    shutil.copytree(compiled / "functions", bare / "functions")
    _copy_installed(["boto3", "awslambdaric"], folder / "runtime")
    _copy_installed(["aws-lambda-powertools", "pydantic", "boto3", "awslambdaric"], bare / "plain")
    shutil.copy(PLAIN / "handler.py", bare / "plain")
    shutil.copytree(bare / "plain", compiled / "plain")
    for each in (folder / "runtime", compiled / "plain", compiled / "functions"):
        compileall.compile_dir(each, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return Artifacts(folder=folder)


def check_python() -> None:
    """Refuse another Python than the runtime's, whose bytecode it could not read."""
    if sys.version_info[:2] != (3, 13):
        raise SystemExit(f"make bench needs {PYTHON}, as the runtime of the functions: make bench PYTHON={PYTHON}")


def _copy_installed(names: list[str], folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in _with_requirements(set(names)):
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), target)


def _sizes(folder: Path) -> tuple[int, int]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.relative_to(folder))
    return archive.stat().st_size, sum(file.stat().st_size for file in files)
