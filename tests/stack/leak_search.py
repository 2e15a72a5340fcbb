"""The search for keys in all that a stack has sent and leaves, but for the values of secrets; for header values, too.

Header values may be in the table, and so in what is sent to it and in what the emulator keeps of it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.iam import recording
from tests.iam.authorization import Call
from tests.leaks import Canaries

_VALUE = re.compile(r'"SecretString": "(?:[^"\\]|\\.)*"')


def sent_to_aws(endpoint: str) -> list[Call]:
    """Return what functions have sent, the last 10,000 calls: what they told the bus is kept nowhere else."""
    return [*recording.calls(endpoint)]


def leaking(folder: Path, canaries: Canaries, sent: Iterable[Call]) -> Iterator[str]:
    """Yield where something is that does not belong there; the folder is that of a stack which has saved its state."""
    for call in sent:
        found = canaries.texts_with_keys if call.service == "dynamodb" else canaries.texts_with_canaries
        if found([json.dumps(call.parameters)]):
            yield f"{call.function} sent it: {call.service}:{call.operation}"
    for file in [folder / "up.log", *(folder / "logs").iterdir()]:
        if canaries.texts_with_canaries([file.read_text(errors="replace")]):
            yield str(file)
    yield from _in_state(folder / "data", canaries)


def _in_state(folder: Path, canaries: Canaries) -> Iterator[str]:
    for file in folder.rglob("*.json"):
        if canaries.texts_with_keys([_VALUE.sub("", file.read_text(errors="replace"))]):
            yield str(file)
