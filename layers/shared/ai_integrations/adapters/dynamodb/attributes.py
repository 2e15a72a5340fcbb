"""Conversion between plain values and DynamoDB's typed attributes."""

from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

from botocore.exceptions import ClientError


def to_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain values to typed attributes. Numbers must be integers."""
    return {name: _attribute(value) for name, value in item.items()}


def from_wire(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Convert typed attributes to plain values."""
    # Strings are handled inline: they are most of the thousand attributes on a list page.
    return {name: each["S"] if "S" in each else _value(each) for name, each in attributes.items()}


def cancellation_reasons(error: ClientError) -> list[Mapping[str, Any]]:
    """List why a transaction was cancelled, one reason for each of its items, in order. Re-raise any other error."""
    if error.response["Error"]["Code"] != "TransactionCanceledException":
        raise error
    return list(error.response["CancellationReasons"])


def _attribute(value: object) -> dict[str, Any]:
    for kind, tag, convert in _TO_WIRE:
        if isinstance(value, kind):
            return {tag: convert(value)}
    raise TypeError(f"{type(value).__name__} cannot be stored in the table")


def _value(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any type that the table holds
    [tag] = attribute
    return _FROM_WIRE[tag](attribute[tag])


_TO_WIRE: tuple[tuple[type, str, Callable[[Any], object]], ...] = (
    (str, "S", str),
    (bool, "BOOL", bool),  # before int, because bool is a subclass of int
    (int, "N", str),
    (NoneType, "NULL", lambda _: True),
    (Mapping, "M", to_wire),
    # No tuples: a named tuple of the domain would be stored without its field names.
    (list, "L", lambda values: [_attribute(value) for value in values]),
    (frozenset, "SS", sorted),  # strings only; DynamoDB removes an attribute whose set becomes empty
)
_FROM_WIRE: dict[str, Callable[[Any], object]] = {
    "S": str,
    "BOOL": bool,
    "N": int,
    "NULL": lambda _: None,
    "M": from_wire,
    "L": lambda attributes: [_value(attribute) for attribute in attributes],
    "SS": frozenset,
}
