"""What the adapters of the table write there comes back."""

import pytest

from ai_integrations.adapters.dynamodb.attributes import from_wire, to_wire
from ai_integrations.domain.model import Role, Scoping

ITEM = {"text": "t", "yes": True, "number": 1, "nothing": None, "map": {"list": ["t", {"number": 0}]}}
WIRE = {
    "text": {"S": "t"},
    "yes": {"BOOL": True},
    "number": {"N": "1"},
    "nothing": {"NULL": True},
    "map": {"M": {"list": {"L": [{"S": "t"}, {"M": {"number": {"N": "0"}}}]}}},
}


def test_gives_every_value_its_type_and_takes_it_off_again() -> None:
    assert to_wire(ITEM) == WIRE
    assert from_wire(WIRE) == ITEM


def test_writes_a_word_of_the_domain_as_text() -> None:
    assert to_wire({"role": Role.ADMIN}) == {"role": {"S": "admin"}}


@pytest.mark.parametrize("value", [0.5, b"bytes", {"set"}, ("tuple",), Scoping()])
def test_refuses_what_has_no_place_in_the_table(value: object) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        to_wire({"value": value})
