"""Check that every value valid for one JSON schema is also valid for another.

The check supports the keywords that our documents use and reports every other keyword, so it never passes a change
that it does not understand. References must be inlined before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_UPPER_LIMITS = ("maxLength", "maxItems", "maxProperties", "maximum")
_LOWER_LIMITS = ("minLength", "minItems", "minProperties", "minimum")
_EXACT = ("pattern", "format", "propertyNames", "uniqueItems")
# Marks a field that a response contains only for the releases of clients that know it.
RELEASE_DEPENDENT = "x-release-dependent"
# Marks a body that only a request with a new parameter gets.
ON_REQUEST = "x-on-request"
_ANNOTATIONS = frozenset(
    {"default", "description", "example", "examples", "title", "writeOnly", RELEASE_DEPENDENT, ON_REQUEST}
)
_STRUCTURE = frozenset(
    {"additionalProperties", "allOf", "anyOf", "const", "enum", "items", "properties", "required", "type"}
)
_SUPPORTED = _ANNOTATIONS | _STRUCTURE | {*_UPPER_LIMITS, *_LOWER_LIMITS, *_EXACT}


@dataclass(frozen=True)
class Pair:
    """Two schemas to compare: every value valid for `inner` should be valid for `outer`.

    `is_response` gives the direction: in a response `inner` is the new schema, in a request the old one.
    """

    inner: Json
    outer: Json
    where: str
    is_response: bool

    def at(self, inner: Json, outer: Json, part: str) -> "Pair":
        """Build the pair of two nested schemas."""
        return Pair(inner, outer, f"{self.where}/{part}", self.is_response)


def violations(inner: Json, outer: Json, where: str, *, is_response: bool) -> Iterator[str]:
    """Describe in one line each what `inner` allows and `outer` does not."""
    yield from _compare(Pair(inner, outer, where, is_response))


def _compare(pair: Pair) -> Iterator[str]:
    if pair.inner == pair.outer:
        return
    unsupported = (pair.inner.keys() | pair.outer.keys()) - _SUPPORTED
    if unsupported:
        yield f"{pair.where}: cannot compare {', '.join(sorted(unsupported))}"
    elif "anyOf" in pair.inner or "anyOf" in pair.outer:
        yield from _compare_alternatives(pair)
    else:
        for rule in _RULES:
            yield from rule(pair)


def _compare_alternatives(pair: Pair) -> Iterator[str]:
    """Report, for each inner alternative that fits no outer one, the shortest list of violations."""
    outers = pair.outer.get("anyOf", [pair.outer])
    is_new = not any(outer.get(ON_REQUEST) for outer in outers)
    for inner in pair.inner.get("anyOf", [pair.inner]):
        if pair.is_response and is_new and inner.get(ON_REQUEST):
            continue
        found = [list(_compare(Pair(inner, outer, pair.where, pair.is_response))) for outer in outers]
        if all(found):
            yield from min(found, key=len)


def _compare_types(pair: Pair) -> Iterator[str]:
    outer = pair.outer.get("type")
    if outer is not None and pair.inner.get("type") not in {outer, "integer" if outer == "number" else outer}:
        yield f"{pair.where}: the type differs"


def _compare_enums(pair: Pair) -> Iterator[str]:
    inner, outer = _allowed_values(pair.inner), _allowed_values(pair.outer)
    if outer is None or (pair.is_response and inner is not None and "enum" in pair.outer):
        return
    missing = ["any other value"] if inner is None else [str(value) for value in inner if value not in outer]
    if missing:
        yield f"{pair.where}: allowed on one side only: {', '.join(missing)}"


def _allowed_values(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _compare_limits(pair: Pair) -> Iterator[str]:
    for keywords, sign in ((_UPPER_LIMITS, 1), (_LOWER_LIMITS, -1)):
        for keyword in keywords:
            outer, inner = pair.outer.get(keyword), pair.inner.get(keyword)
            if outer is not None and (inner is None or sign * inner > sign * outer):
                yield f"{pair.where}: {keyword} differs"


def _compare_exact_keywords(pair: Pair) -> Iterator[str]:
    for keyword in _EXACT:
        if keyword in pair.outer and pair.inner.get(keyword) != pair.outer[keyword]:
            yield f"{pair.where}: {keyword} differs"


def _compare_required(pair: Pair) -> Iterator[str]:
    for name in sorted({*pair.outer.get("required", ())} - {*pair.inner.get("required", ())}):
        yield f"{pair.where}/{name}: {'no longer always present' if pair.is_response else 'now required'}"


def _compare_properties(pair: Pair) -> Iterator[str]:
    inner, outer = pair.inner.get("properties", {}), pair.outer.get("properties", {})
    for name, schema in inner.items():
        if name in outer:
            yield from _compare(pair.at(schema, outer[name], name))
        elif pair.outer.get("additionalProperties") is False and not (
            pair.is_response and schema.get(RELEASE_DEPENDENT)
        ):
            yield f"{pair.where}/{name}: the field was {'added' if pair.is_response else 'removed'}"
    if pair.is_response:
        yield from (f"{pair.where}/{name}: the field was removed" for name in outer.keys() - inner.keys())


def _compare_additional_properties(pair: Pair) -> Iterator[str]:
    inner, outer = (each.get("additionalProperties", {}) for each in (pair.inner, pair.outer))
    if outer is False and inner is not False:
        yield f"{pair.where}: other fields are now {'possible' if pair.is_response else 'rejected'}"
    elif isinstance(inner, dict) and isinstance(outer, dict):
        yield from _compare(pair.at(inner, outer, "*"))


def _compare_items(pair: Pair) -> Iterator[str]:
    if "items" in pair.outer:
        yield from _compare(pair.at(pair.inner.get("items", {}), pair.outer["items"], "*"))


def _compare_all_of(pair: Pair) -> Iterator[str]:
    inner, outer = pair.inner.get("allOf", []), pair.outer.get("allOf", [])
    if len(inner) != len(outer):
        yield f"{pair.where}: allOf differs"
        return
    for number, (one, other) in enumerate(zip(inner, outer, strict=True)):
        yield from _compare(pair.at(one, other, str(number)))


_RULES: tuple[Callable[[Pair], Iterator[str]], ...] = (
    _compare_types,
    _compare_enums,
    _compare_limits,
    _compare_exact_keywords,
    _compare_required,
    _compare_properties,
    _compare_additional_properties,
    _compare_items,
    _compare_all_of,
)
