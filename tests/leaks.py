"""What must not be seen: keys anywhere but in Secrets Manager, header values anywhere but in the table and answers."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.builders import API_KEY

_LONG_ENOUGH = 8  # to be found by chance nowhere


@dataclass
class Canaries:
    """What requests have brought in."""

    keys: set[str] = field(default_factory=lambda: {API_KEY})
    header_values: set[str] = field(default_factory=set)

    def plant(self, event: Mapping[str, Any]) -> None:
        """Take note of the keys and header values in what a function is sent."""
        self.keys |= _telling({event.get("authorizationToken", "").partition(" ")[2]})
        for body in _bodies(event):
            self.keys |= _telling([body.get("api_key")])
            with suppress(AttributeError):  # no map
                self.header_values |= _telling(body["headers"].values() if "headers" in body else ())

    def texts_with_keys(self, texts: Iterable[str]) -> list[str]:
        return _holding(self.keys, texts)

    def texts_with_canaries(self, texts: Iterable[str]) -> list[str]:
        return _holding(self.keys | self.header_values, texts)


def _bodies(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the integrations in a request of the gateway, of the queue and of CloudFormation."""
    found = [event.get("ResourceProperties", {}).get("Integration")]
    with suppress(KeyError, RecursionError, TypeError, ValueError):
        found.append(json.loads(event["body"]))
    for record in event.get("Records", ()):
        with suppress(KeyError, TypeError, ValueError):
            found.append(json.loads(record["body"])["detail"]["integration"])
    return [each for each in found if isinstance(each, dict)]


def _telling(values: Iterable[Any]) -> set[str]:
    return {value for value in values if isinstance(value, str) and len(value) >= _LONG_ENOUGH}


def _holding(canaries: Iterable[str], texts: Iterable[str]) -> list[str]:
    return [text for text in texts if any(canary in text for canary in canaries)]
