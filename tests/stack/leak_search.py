"""Search everything that a stack sent and saved for keys and header values.

Keys may appear only in the values of secrets. Header values may also appear in the table, and so in DynamoDB
requests and in the emulator's saved state.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.iam import recording
from tests.iam.authorization import Call
from tests.leaks import KnownSecrets

_SECRET_VALUE = re.compile(r'"SecretString": "(?:[^"\\]|\\.)*"')


def recorded_calls(endpoint: str) -> list[Call]:
    """Return the functions' calls among the last 10,000 AWS calls; published events are stored nowhere else."""
    return [*recording.calls(endpoint)]


def find_leaks(folder: Path, known_secrets: KnownSecrets, calls: Iterable[Call]) -> Iterator[str]:
    """Yield each place with a leaked value. The folder belongs to a stack that has stopped and saved its state."""
    for call in calls:
        search = known_secrets.texts_with_keys if call.service == "dynamodb" else known_secrets.texts_with_any
        if search([json.dumps(call.parameters)]):
            yield f"request of {call.function}: {call.service}:{call.operation}"
    for file in [folder / "up.log", *(folder / "logs").iterdir()]:
        if known_secrets.texts_with_any([file.read_text(errors="replace")]):
            yield str(file)
    yield from _find_in_state(folder / "data", known_secrets)


def _find_in_state(folder: Path, known_secrets: KnownSecrets) -> Iterator[str]:
    for file in folder.rglob("*.json"):
        if known_secrets.texts_with_keys([_SECRET_VALUE.sub("", file.read_text(errors="replace"))]):
            yield str(file)
