"""Build what is measured: layers and functions as deployed, and the baseline; each with and without bytecode."""

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

BASELINE = Path(__file__).parent / "baseline"
VERSION = (3, 13)  # of the Lambda runtime; bytecode depends on it
LAYERS = {"dependencies": "build-DependenciesLayer", "shared": "build-SharedLayer"}


@dataclass(frozen=True, kw_only=True)
class Artifacts:
    """Folders for PYTHONPATH: `compiled` with bytecode, `bare` without."""

    folder: Path

    def path(self, function: str, *, bytecode: bool = True) -> list[Path]:
        """Return the PYTHONPATH of a function, in the order of Lambda; the baseline is one package."""
        built = self.folder / ("compiled" if bytecode else "bare")
        if function == "baseline":
            return [built / "baseline"]
        # Lambda's runtime has boto3, with bytecode, independent of the layers.
        return [built / "functions" / function, built / "shared", built / "dependencies", self.folder / "runtime"]

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return the zipped and unzipped size of each package in bytes."""
        layers = {layer: sizes(self.folder / "compiled" / layer) for layer in LAYERS}
        return {**layers, "baseline": sizes(self.folder / "bare" / "baseline")}


def build(folder: Path) -> Artifacts:
    """Rebuild everything; the layers with the Makefiles that `sam build` runs."""
    shutil.rmtree(folder, ignore_errors=True)
    compiled, bare = folder / "compiled", folder / "bare"
    build_layers(compiled)
    shutil.copytree(ROOT / "functions", compiled / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    _copy_installed(["aws-lambda-powertools", "pydantic", "boto3", "awslambdaric"], compiled / "baseline")
    shutil.copy(BASELINE / "handler.py", compiled / "baseline")
    shutil.copytree(compiled, bare, ignore=shutil.ignore_patterns("__pycache__"))
    copy_runtime(folder)
    _compile(compiled / "baseline")
    return Artifacts(folder=folder)


def copy_runtime(folder: Path) -> None:
    """Create the folder `runtime` with the packages of Lambda's runtime, compiled to bytecode."""
    _copy_installed(RUNTIME_PACKAGES, folder / "runtime")
    _compile(folder / "runtime")


def _compile(folder: Path) -> None:
    compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def build_layers(folder: Path) -> None:
    """Build the layers; the running interpreter is used as `python3.13` in the Makefiles."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for layer, target in LAYERS.items():
        with tempfile.TemporaryDirectory() as built:
            command = ["make", "-s", "-C", str(ROOT / "layers" / layer), target, f"ARTIFACTS_DIR={built}"]
            run = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)  # noqa: S603 - the project's Makefiles
            if run.returncode:
                raise SystemExit(f"{' '.join(command)} failed:\n{run.stderr}")
            shutil.copytree(Path(built, "python"), folder / layer)


def check_python() -> None:
    """Exit unless the interpreter has the version of the Lambda runtime: bytecode depends on it."""
    if sys.version_info[:2] != VERSION:
        raise SystemExit("make bench needs Python 3.13, like the Lambda runtime: make bench PYTHON=python3.13")


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
    """Return the zipped and unzipped size of a folder in bytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.write(file, file.relative_to(folder))
    return len(buffer.getvalue()), sum(file.stat().st_size for file in files)
