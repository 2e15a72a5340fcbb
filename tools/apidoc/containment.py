"""Whether whatever fits one JSON schema fits another: strict, so that what it does not understand is a gap.

It knows the keywords that our documents use. References are put in place before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_UPPER = ("maxLength", "maxItems", "maxProperties", "maximum")
_LOWER = ("minLength", "minItems", "minProperties", "minimum")
_EXACT = ("pattern", "format", "propertyNames", "uniqueItems")
_ANNOTATIONS = frozenset({"default", "description", "example", "examples", "title", "writeOnly"})
_STRUCTURE = frozenset(
    {"additionalProperties", "allOf", "anyOf", "const", "enum", "items", "properties", "required", "type"}
)
_KNOWN = _ANNOTATIONS | _STRUCTURE | {*_UPPER, *_LOWER, *_EXACT}


@dataclass(frozen=True)
class Pair:
    """Two schemas: whatever fits `inner` should fit `outer`. `answers` tells the direction, for what depends on it."""

    inner: Json
    outer: Json
    where: str
    answers: bool

    def at(self, inner: Json, outer: Json, part: str) -> "Pair":
        """Return the pair of two parts."""
        return Pair(inner, outer, f"{self.where}/{part}", self.answers)


def gaps(inner: Json, outer: Json, where: str, *, answers: bool) -> Iterator[str]:
    """Tell what fits `inner` and not `outer`, one line each. In answers `inner` is the new one, in requests the old."""
    yield from _gaps(Pair(inner, outer, where, answers))


def _gaps(pair: Pair) -> Iterator[str]:
    if pair.inner == pair.outer:
        return
    unknown = (pair.inner.keys() | pair.outer.keys()) - _KNOWN
    if unknown:
        yield f"{pair.where}: no comparison of {', '.join(sorted(unknown))} is known"
    elif "anyOf" in pair.inner or "anyOf" in pair.outer:
        yield from _alternatives(pair)
    else:
        for rule in _RULES:
            yield from rule(pair)


def _alternatives(pair: Pair) -> Iterator[str]:
    outers = pair.outer.get("anyOf", [pair.outer])
    for inner in pair.inner.get("anyOf", [pair.inner]):
        found = [list(_gaps(Pair(inner, outer, pair.where, pair.answers))) for outer in outers]
        if all(found):
            yield from min(found, key=len)


def _types(pair: Pair) -> Iterator[str]:
    outer = pair.outer.get("type")
    if outer is not None and pair.inner.get("type") not in {outer, "integer" if outer == "number" else outer}:
        yield f"{pair.where}: the type is another"


def _words(pair: Pair) -> Iterator[str]:
    inner, outer = _enumerated(pair.inner), _enumerated(pair.outer)
    if outer is None or (pair.answers and inner is not None and "enum" in pair.outer):
        return
    missing = ["any other word"] if inner is None else [str(word) for word in inner if word not in outer]
    if missing:
        yield f"{pair.where}: not possible on one side: {', '.join(missing)}"


def _enumerated(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(pair: Pair) -> Iterator[str]:
    for keywords, sign in ((_UPPER, 1), (_LOWER, -1)):
        for keyword in keywords:
            outer, inner = pair.outer.get(keyword), pair.inner.get(keyword)
            if outer is not None and (inner is None or sign * inner > sign * outer):
                yield f"{pair.where}: {keyword} differs"


def _exact(pair: Pair) -> Iterator[str]:
    for keyword in _EXACT:
        if keyword in pair.outer and pair.inner.get(keyword) != pair.outer[keyword]:
            yield f"{pair.where}: {keyword} differs"


def _required(pair: Pair) -> Iterator[str]:
    for name in sorted({*pair.outer.get("required", ())} - {*pair.inner.get("required", ())}):
        yield f"{pair.where}/{name}: {'not always there any more' if pair.answers else 'required now'}"


def _properties(pair: Pair) -> Iterator[str]:
    inner, outer = pair.inner.get("properties", {}), pair.outer.get("properties", {})
    for name, schema in inner.items():
        if name in outer:
            yield from _gaps(pair.at(schema, outer[name], name))
        elif pair.outer.get("additionalProperties") is False:
            yield f"{pair.where}/{name}: the field is {'new' if pair.answers else 'gone'}"
    if pair.answers:
        yield from (f"{pair.where}/{name}: the field is gone" for name in outer.keys() - inner.keys())


def _additional(pair: Pair) -> Iterator[str]:
    inner, outer = (each.get("additionalProperties", {}) for each in (pair.inner, pair.outer))
    if outer is False and inner is not False:
        yield f"{pair.where}: other fields are {'possible' if pair.answers else 'refused'} now"
    elif isinstance(inner, dict) and isinstance(outer, dict):
        yield from _gaps(pair.at(inner, outer, "*"))


def _items(pair: Pair) -> Iterator[str]:
    if "items" in pair.outer:
        yield from _gaps(pair.at(pair.inner.get("items", {}), pair.outer["items"], "*"))


def _all_of(pair: Pair) -> Iterator[str]:
    inner, outer = pair.inner.get("allOf", []), pair.outer.get("allOf", [])
    if len(inner) != len(outer):
        yield f"{pair.where}: allOf differs"
        return
    for number, (one, other) in enumerate(zip(inner, outer, strict=True)):
        yield from _gaps(pair.at(one, other, str(number)))


_RULES: tuple[Callable[[Pair], Iterator[str]], ...] = (
    _types,
    _words,
    _limits,
    _exact,
    _required,
    _properties,
    _additional,
    _items,
    _all_of,
)
