"""Capacity units by DynamoDB's published rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/."""

import math
from collections.abc import Mapping
from typing import Any

Attributes = Mapping[str, Any]

_OVERHEAD = 3  # bytes per list or map, plus one byte per element
TRANSACTION = 2  # transactional writes consume twice the units of plain writes


def size(item: Attributes) -> int:
    """Return the size in bytes of an item in DynamoDB JSON."""
    return sum(len(name.encode()) + _value(attribute) for name, attribute in item.items())


def write_units(*sizes: int) -> int:
    """Return the write units of a transaction on items of these sizes. For an overwrite, pass the larger version."""
    return sum(TRANSACTION * max(1, math.ceil(each / 1024)) for each in sizes)


def read_units(bytes_read: int) -> int:
    """Return the units of one strongly consistent read; reading a missing item consumes one."""
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
