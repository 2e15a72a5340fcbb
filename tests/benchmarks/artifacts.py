"""What is measured: the layers and functions as they are deployed, the baseline, and all that without bytecode."""

import compileall
import importlib.metadata
import io
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.local.layers import RUNTIME_PACKAGES, with_dependencies

from tests.builders import ROOT

PLAIN = Path(__file__).parent / "plain"
VERSION = (3, 13)  # the runtime's, of which the bytecode is
LAYERS = {"dependencies": "build-DependenciesLayer", "shared": "build-SharedLayer"}


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
        layers = {layer: sizes(self.folder / "compiled" / layer) for layer in LAYERS}
        return {**layers, "plain": sizes(self.folder / "bare" / "plain")}


def build(folder: Path) -> Artifacts:
    """Build everything anew, the layers by the very Makefiles that `sam build` runs."""
    shutil.rmtree(folder, ignore_errors=True)
    compiled, bare = folder / "compiled", folder / "bare"
    build_layers(compiled)
    shutil.copytree(ROOT / "functions", compiled / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    _copy_installed(["aws-lambda-powertools", "pydantic", "boto3", "awslambdaric"], compiled / "plain")
    shutil.copy(PLAIN / "handler.py", compiled / "plain")
    shutil.copytree(compiled, bare, ignore=shutil.ignore_patterns("__pycache__"))
    copy_runtime(folder)
    _compile(compiled / "plain")
    return Artifacts(folder=folder)


def copy_runtime(folder: Path) -> None:
    """Make `runtime` of what Lambda brings, bytecode included."""
    _copy_installed(RUNTIME_PACKAGES, folder / "runtime")
    _compile(folder / "runtime")


def _compile(folder: Path) -> None:
    compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def build_layers(folder: Path) -> None:
    """Build the layers' folders of packages; this very Python stands for the `python3.13` of the Makefiles."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for layer, target in LAYERS.items():
        with tempfile.TemporaryDirectory() as built:
            command = ["make", "-s", "-C", str(ROOT / "layers" / layer), target, f"ARTIFACTS_DIR={built}"]
            run = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)  # noqa: S603 - our own Makefiles
            if run.returncode:
                raise SystemExit(f"{' '.join(command)} failed:\n{run.stderr}")
            shutil.copytree(Path(built, "python"), folder / layer)


def check_python() -> None:
    """Refuse another Python than the runtime's, whose bytecode it could not read."""
    if sys.version_info[:2] != VERSION:
        raise SystemExit("make bench needs Python 3.13, as the runtime of the functions: make bench PYTHON=python3.13")


def _copy_installed(names: Iterable[str], folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in with_dependencies(set(names)):
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(str(file.locate()), target)


def sizes(folder: Path) -> tuple[int, int]:
    """Return the bytes of a package, zipped and unzipped."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.relative_to(folder))
    return len(buffer.getvalue()), sum(file.stat().st_size for file in files)
