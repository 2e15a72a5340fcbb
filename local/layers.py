"""What the functions import: the layers, built with this very Python, and the packages that Lambda's runtime brings."""

import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from local.errors import LocalStackError
from local.template import Template, resources
from local.workspace import ROOT, Workspace

# Built layers are named by what they were built from, so every workspace may use them.
CACHE = ROOT / ".local" / "build"
# What a Python function finds without bringing it.
RUNTIME_PACKAGES = ("awslambdaric", "boto3")


def build(template: Template, workspace: Workspace) -> dict[str, list[Path]]:
    """Each layer's search path, by logical id."""
    layers = resources(template, "AWS::Serverless::LayerVersion")
    return {name: _build_layer(name, ROOT / layer["ContentUri"], workspace) for name, layer in layers.items()}


def search_path(function: dict[str, Any], layers: dict[str, list[Path]]) -> list[Path]:
    """Return where a function looks after its own folder. The last layer wins, as when Lambda unpacks them in turn."""
    return [folder for layer in reversed(function.get("Layers", [])) for folder in layers[layer["Ref"]]]


def link_runtime(workspace: Workspace) -> Path:
    """Make a folder with the runtime's packages and nothing else of this environment.

    Without it the functions would see the emulator's packages too, and one that a layer lacks would not be missed.
    """
    folder = workspace.layers / "runtime"
    folder.mkdir()
    for name in _with_requirements(set(RUNTIME_PACKAGES)):
        distribution = importlib.metadata.distribution(name)
        for entry in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            (folder / entry).symlink_to(str(distribution.locate_file(entry)))
    return folder


def _build_layer(name: str, content: Path, workspace: Workspace) -> list[Path]:
    code = workspace.layers / name
    shutil.copytree(content, code, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    requirements = content / "requirements.txt"
    return [code, _install(requirements)] if requirements.exists() else [code]


def _install(requirements: Path) -> Path:
    made_from = requirements.read_bytes() + f"{sys.base_prefix} {sys.version}".encode()
    folder = CACHE / f"layer-{hashlib.sha256(made_from).hexdigest()[:16]}"
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as draft:
            _pip_install(requirements, Path(draft) / "python")
            # In one step, so that an interrupted build leaves nothing that looks whole.
            (Path(draft) / "python").rename(folder)
    return folder


def _pip_install(requirements: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        subprocess.run([*command, "--target", target, "--requirement", requirements], check=True)
    except subprocess.CalledProcessError as error:
        raise LocalStackError(f"pip could not install {requirements}: see above.") from error


def _with_requirements(names: set[str]) -> set[str]:
    """Return these distributions and what they need at run time."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        needed = importlib.metadata.requires(name) or []
        names |= {_name(text) for text in needed if "extra ==" not in text} - found
    return found


def _name(requirement: str) -> str:
    """`urllib3` of `urllib3!=2.2.0,<3,>=1.25.4`."""
    match = re.match(r"[\w.-]+", requirement)
    assert match, requirement  # noqa: S101 the packaging standard has no other form
    return match[0]
