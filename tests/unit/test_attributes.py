"""Conversion between plain values and DynamoDB attributes."""

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.model import Role, Scoping

ITEM = {
    "text": "t",
    "yes": True,
    "number": 1,
    "nothing": None,
    "map": {"list": ["t", {"number": 0}]},
    "set": frozenset("ab"),
}
WIRE = {
    "text": {"S": "t"},
    "yes": {"BOOL": True},
    "number": {"N": "1"},
    "nothing": {"NULL": True},
    "map": {"M": {"list": {"L": [{"S": "t"}, {"M": {"number": {"N": "0"}}}]}}},
    "set": {"SS": ["a", "b"]},
}


def test_conversion_to_attributes_and_back_keeps_every_value() -> None:
    assert to_wire(ITEM) == WIRE
    assert from_wire(WIRE) == ITEM


def test_enum_member_is_written_as_its_value() -> None:
    assert to_wire({"role": Role.ADMIN}) == {"role": {"S": "admin"}}


@pytest.mark.parametrize("value", [0.5, b"bytes", {"set"}, ("tuple",), Scoping()])
def test_unsupported_type_raises_type_error(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        to_wire({"value": value})
