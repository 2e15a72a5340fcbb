"""The command line: `python -m apidoc write | check | release | write-schemas | check-schemas`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from tools.apidoc.breaking import breaking_changes
from tools.apidoc.document import ROOT, build, text
from tools.apidoc.messages import SCHEMAS, differences, documents

SERVED = ROOT / "layers" / "shared" / "ai_integrations" / "http" / "openapi.json"
RELEASED = ROOT / "tools/apidoc/baseline.json"


def write(path: Path = SERVED) -> None:
    """Write the document that the functions serve."""
    path.write_text(text(build()))


def release(served: Path = SERVED, released: Path = RELEASED) -> None:
    """Keep the document as what the next ones must not break."""
    released.write_text(served.read_text())


def check(served: Path = SERVED, released: Path = RELEASED) -> None:
    """Exit with what to do if the committed document is not that of the code, or breaks the released one."""
    document = build()
    if served.read_text() != text(document):
        sys.exit(f"{served.name} is not what the code says. Write it anew, and look at what changed: make openapi")
    changes = breaking_changes(json.loads(released.read_text()), document)
    if changes:
        heading = f"The API breaks callers of the last release ({released.name}):"
        mend = "Take that back, or serve it under another path prefix."
        sys.exit("\n  ".join([heading, *changes, mend]))


def write_schemas(folder: Path = SCHEMAS) -> None:
    """Write the schemas of all messages, and nothing else, into the folder."""
    for file in folder.glob("*.json"):
        file.unlink()
    for name, schema in documents().items():
        (folder / name).write_text(text(schema))


def check_schemas(folder: Path = SCHEMAS) -> None:
    """Exit with what to do if a committed schema is not that of the code."""
    if names := differences(folder):
        sys.exit(
            "\n  ".join(["Not what the code says. Write them anew, and look at what changed: make schemas", *names])
        )


COMMANDS: dict[str, Callable[[], None]] = {
    "write": write,
    "check": check,
    "release": release,
    "write-schemas": write_schemas,
    "check-schemas": check_schemas,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]]()
