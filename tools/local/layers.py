"""Build the folders that functions import from: the layers, and the packages of the Lambda runtime."""

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

# Packages that the Lambda runtime contains.
RUNTIME_PACKAGES = ("awslambdaric", "boto3")


def build(template: Template, workspace: Workspace) -> dict[str, Path]:
    """Build each layer: a copy of its code, with links to its installed packages. Returns folders by logical id."""
    layers = resources(template, "AWS::Serverless::LayerVersion")
    return {name: _build(workspace.layers / name, ROOT / layer["ContentUri"]) for name, layer in layers.items()}


def search_path(function: dict[str, Any], layers: dict[str, Path]) -> list[Path]:
    """List the layers of a function in import order. The last layer comes first, because Lambda unpacks it last."""
    return [layers[layer["Ref"]] for layer in reversed(function.get("Layers", []))]


def link_runtime(workspace: Workspace) -> Path:
    """Build a folder that contains only the packages of the Lambda runtime."""
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
    """Prune botocore as the layer's Makefile does. Pruning a tree of links leaves the installed package unchanged."""
    package = folder / "botocore"
    installed = package.readlink()
    package.unlink()
    shutil.copytree(installed, package, copy_function=os.symlink)
    prune(folder)


def _link(folder: Path, distributions: Iterable[str]) -> None:
    """Link the installed distributions and their dependencies, and no other package of this environment."""
    for name in with_dependencies(set(distributions)):
        distribution = importlib.metadata.distribution(name)
        for entry in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            (folder / entry).symlink_to(str(distribution.locate_file(entry)))


def with_dependencies(names: set[str]) -> set[str]:
    """Add the run-time dependencies of these distributions."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        requirements = importlib.metadata.requires(name) or []
        names |= {_name(text) for text in requirements if "extra ==" not in text} - found
    return found


def _installed(pin: str) -> str:
    """Get the name of a pinned distribution. Raises LocalStackError if another version is installed."""
    name = _name(pin)
    # In a lock file, a backslash continues the line with digests. pip checked them during the installation.
    if pin.removesuffix("\\").split() != [f"{name}=={importlib.metadata.version(name)}"]:
        raise LocalStackError(f"{pin.strip()} is required, {importlib.metadata.version(name)} is installed: make local")
    return name


def _name(requirement: str) -> str:
    """Get `urllib3` from `urllib3!=2.2.0,<3,>=1.25.4`, and an empty string from a comment."""
    return (re.match(r"[\w.-]*", requirement) or [""])[0]
