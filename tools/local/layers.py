"""What the functions import: the layers, and the packages that Lambda's runtime brings."""

import importlib.metadata
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from layers.dependencies.prune_botocore import prune

from tools.local.errors import LocalStackError
from tools.local.template import Template, resources
from tools.local.workspace import ROOT, Workspace

# What a Python function finds without bringing it.
RUNTIME_PACKAGES = ("awslambdaric", "boto3")


def build(template: Template, workspace: Workspace) -> dict[str, Path]:
    """Return each layer's folder, by logical id: its own code as it is now, and the packages that it requires."""
    layers = resources(template, "AWS::Serverless::LayerVersion")
    return {name: _build(workspace.layers / name, ROOT / layer["ContentUri"]) for name, layer in layers.items()}


def search_path(function: dict[str, Any], layers: dict[str, Path]) -> list[Path]:
    """Return where a function looks after its own folder. The last layer wins, as when Lambda unpacks them in turn."""
    return [layers[layer["Ref"]] for layer in reversed(function.get("Layers", []))]


def link_runtime(workspace: Workspace) -> Path:
    """Make a folder with the runtime's packages and nothing else of this environment."""
    folder = workspace.layers / "runtime"
    folder.mkdir()
    _link(folder, RUNTIME_PACKAGES)
    return folder


def _build(folder: Path, content: Path) -> Path:
    shutil.copytree(content, folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    requirements = content / "requirements.txt"
    if requirements.exists():
        _link(folder, [_installed(line) for line in requirements.read_text().splitlines() if _name(line)])
    if (folder / "botocore").exists():
        _prune_botocore(folder)
    return folder


def _prune_botocore(folder: Path) -> None:
    """Prune botocore as the layer's Makefile does, in a tree of links: what is installed stays as it is."""
    package = folder / "botocore"
    installed = package.readlink()
    package.unlink()
    shutil.copytree(installed, package, copy_function=os.symlink)
    prune(folder)


def _link(folder: Path, distributions: Iterable[str]) -> None:
    """Link what is installed, so that no function sees a package that neither it nor the runtime brings."""
    for name in _with_requirements(set(distributions)):
        distribution = importlib.metadata.distribution(name)
        for entry in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            (folder / entry).symlink_to(str(distribution.locate_file(entry)))


def _with_requirements(names: set[str]) -> set[str]:
    """Return these distributions and what they need at run time."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        needed = importlib.metadata.requires(name) or []
        names |= {_name(text) for text in needed if "extra ==" not in text} - found
    return found


def _installed(pin: str) -> str:
    """Return the distribution's name, if this very version is installed."""
    name = _name(pin)
    # In a locked file a backslash leads on to the digests, which were compared when it was installed.
    if pin.removesuffix("\\").split() != [f"{name}=={importlib.metadata.version(name)}"]:
        raise LocalStackError(f"{pin.strip()} is required, {importlib.metadata.version(name)} is installed: make local")
    return name


def _name(requirement: str) -> str:
    """Return `urllib3` of `urllib3!=2.2.0,<3,>=1.25.4`, and nothing of a comment."""
    return (re.match(r"[\w.-]*", requirement) or [""])[0]
