"""Search for leaks: keys and tokens outside Secrets Manager, header values outside the table and responses."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from ai_integrations.observability import MAX_TEXT_LENGTH
from tests.builders import ACCESS_TOKEN, API_KEY

_MIN_LENGTH = 8  # shorter values could occur by chance
_ENDS = 12  # how many first or last characters of a key are a leak; `sk-fake-` and the like begin many keys
# A signed token (RFC 7519), for example an identity token of AWS. Nothing that the service writes may contain one.
_SIGNED_TOKEN = re.compile(r"eyJ[\w-]{5,}\.eyJ[\w-]{5,}\.[\w-]*")


@dataclass
class KnownSecrets:
    """The keys and header values that requests contained, and the access tokens that responses contained."""

    keys: set[str] = field(default_factory=lambda: {API_KEY, ACCESS_TOKEN})
    header_values: set[str] = field(default_factory=set)

    def record(self, event: Mapping[str, Any]) -> None:
        """Record the keys and header values of an event that a function receives."""
        self.keys |= _searchable({event.get("authorizationToken", "").partition(" ")[2]})
        for body in _bodies(event):
            self.keys |= _searchable([body.get("api_key")])
            with suppress(AttributeError):  # not a mapping
                self.header_values |= _searchable(body["headers"].values() if "headers" in body else ())

    def texts_with_keys(self, texts: Iterable[str]) -> list[str]:
        return _containing(self._keys_and_ends(), texts)

    def texts_with_any(self, texts: Iterable[str]) -> list[str]:
        """Search where no item of the table is: only there, an access key is stored as its hash."""
        digests = {sha256(key.encode()).hexdigest() for key in self.keys}
        return _containing(self._keys_and_ends() | self.header_values | digests, texts)

    def _keys_and_ends(self) -> set[str]:
        """Part of a key is a leak, too, unless it is padding. Part of a header value may be in every URL."""
        ends = {end for key in self.keys if len(key) >= 2 * _ENDS for end in (key[:_ENDS], key[-_ENDS:])}
        return self.keys | {end for end in ends if len(set(end)) > 1}


def _bodies(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Find the integrations and commands in an event of the gateway, the queue, CloudFormation or an operator."""
    found = [event if "httpMethod" not in event else None, event.get("ResourceProperties", {}).get("Integration")]
    with suppress(KeyError, RecursionError, TypeError, ValueError):
        found.append(json.loads(event["body"]))
    for record in event.get("Records", ()):
        with suppress(KeyError, RecursionError, TypeError, ValueError):
            found.append(json.loads(record["body"])["detail"]["integration"])
    return [each for each in found if isinstance(each, dict)]


def _searchable(values: Iterable[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str) and len(value) >= _MIN_LENGTH}


def _containing(values: Iterable[str], texts: Iterable[str]) -> list[str]:
    """List the texts that contain a signed token or a value, as it is or as a log line has it: escaped, cut off."""
    forms = {form for value in values for form in (value, json.dumps(value[:MAX_TEXT_LENGTH])[1:-1])}
    return [text for text in texts if _SIGNED_TOKEN.search(text) or any(form in text for form in forms)]
