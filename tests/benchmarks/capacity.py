"""DynamoDB's units, by its published rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/."""

import math
from collections.abc import Mapping
from typing import Any

Attributes = Mapping[str, Any]

_OVERHEAD = 3  # bytes of a list or a map, beside one for each of its elements
TRANSACTION = 2  # units that a transaction takes where a plain write takes one


def size(item: Attributes) -> int:
    """Return the bytes of an item in its wire form."""
    return sum(len(name.encode()) + _value(attribute) for name, attribute in item.items())


def write_units(*sizes: int) -> int:
    """Return the write units of a transaction on items of these sizes; of two versions of one, the larger counts."""
    return sum(TRANSACTION * max(1, math.ceil(each / 1024)) for each in sizes)


def read_units(bytes_read: int) -> int:
    """Return the units of one consistent read; what is not there takes one."""
    return max(1, math.ceil(bytes_read / 4096))


def _value(attribute: Attributes) -> int:
    [(tag, value)] = attribute.items()
    match tag:
        case "S":
            return len(value.encode())
        case "N":
            return len(value) // 2 + 2
        case "M":
            return _OVERHEAD + size(value) + len(value)
        case "L":
            return _OVERHEAD + sum(1 + _value(each) for each in value)
    return 1
