"""Command line: `python -m tools.apidoc write | check | release | write-schemas | check-schemas`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tools.apidoc.breaking_changes import breaking_changes
from tools.apidoc.document import ROOT, build, to_text
from tools.apidoc.event_schemas import SCHEMA_FOLDER, build_schemas, outdated_files

SERVED = ROOT / "layers" / "shared" / "ai_integrations" / "http" / "openapi.json"
BASELINE = ROOT / "tools" / "apidoc" / "baseline.json"


def write(path: Path = SERVED) -> None:
    """Write the OpenAPI document that the functions serve."""
    path.write_text(to_text(build()))


def release(served: Path = SERVED, baseline: Path = BASELINE) -> None:
    """Record the served document as the compatibility baseline of later versions."""
    baseline.write_text(served.read_text())


def check(served: Path = SERVED, baseline: Path = BASELINE) -> None:
    """Exit with an error if the committed document is out of date or breaks clients of the baseline."""
    document = build()
    if served.read_text() != to_text(document):
        sys.exit(f"{served.name} is out of date. Run `make openapi` and check the diff.")
    changes = breaking_changes(json.loads(baseline.read_text()), document)
    if changes:
        heading = f"These changes break clients of the last release ({baseline.name}):"
        advice = "Revert them, or serve them under another path prefix."
        sys.exit("\n  ".join([heading, *changes, advice]))


def write_schemas(folder: Path = SCHEMA_FOLDER) -> None:
    """Write the schemas of all events into the folder, and delete any other JSON file in it."""
    for file in folder.glob("*.json"):
        file.unlink()
    for name, schema in build_schemas().items():
        (folder / name).write_text(to_text(schema))


def check_schemas(folder: Path = SCHEMA_FOLDER) -> None:
    """Exit with an error if a committed schema is out of date."""
    if names := outdated_files(folder):
        heading = "These schemas are out of date. Run `make schemas` and check the diff."
        sys.exit("\n  ".join([heading, *names]))


COMMANDS: dict[str, Callable[[], None]] = {
    "write": write,
    "check": check,
    "release": release,
    "write-schemas": write_schemas,
    "check-schemas": check_schemas,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]]()
