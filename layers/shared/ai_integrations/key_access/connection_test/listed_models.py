"""The names of the models that a provider lists. The provider chooses them, so they are checked like any input."""

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from ai_integrations.domain.providers import Dialect
from ai_integrations.key_access.connection_test.redaction import reveals_secret
from ai_integrations.key_access.outbound.http_messages import OutboundResponse

MAX_MODELS = 200
_NAME = r"(?!.*\.\.)[A-Za-z0-9._:/@+~-]{1,256}"  # dots in a row mask the middle of a key


class _ListFormat(NamedTuple):
    """The field with the list, the field with a model's name in it, and what precedes each name."""

    entries: str
    name: str
    prefix: str = ""


# Vertex AI lists endpoints, not models. Bedrock is not asked: the session policy of the role does not allow lists.
_FORMATS = {
    Dialect.OPEN_AI: _ListFormat("data", "id"),
    Dialect.ANTHROPIC: _ListFormat("data", "id"),
    Dialect.GEMINI: _ListFormat("models", "name", prefix="models/"),
}


def find_models(dialect: Dialect, response: OutboundResponse, secrets: Iterable[str]) -> tuple[str, ...]:
    """Find the names in a list of models: sorted, distinct, at most MAX_MODELS, and none that reveals a secret.

    There are none if the list was cut off, because a part of it would look complete.
    """
    if dialect not in _FORMATS or response.truncated:
        return ()
    found = {_name_of(entry, _FORMATS[dialect]) for entry in _entries(response.body, _FORMATS[dialect])}
    valid = sorted(name for name in found if re.fullmatch(_NAME, name))
    return tuple(name for name in valid[:MAX_MODELS] if not reveals_secret(name, secrets))


def _entries(body: bytes, form: _ListFormat) -> list[object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    # The list of Together AI is not in an object: https://docs.together.ai/reference/models
    entries = document.get(form.entries) if isinstance(document, dict) else document
    return entries if isinstance(entries, list) else []


def _name_of(entry: object, form: _ListFormat) -> str:
    name = entry.get(form.name) if isinstance(entry, dict) else None
    return name.removeprefix(form.prefix) if isinstance(name, str) else ""
