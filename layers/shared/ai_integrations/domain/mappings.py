"""Mappings whose absent values are left out."""

from collections.abc import Mapping
from typing import Any, TypeVar

MappingT = TypeVar("MappingT", bound=Mapping[str, object])


def without_none(values: MappingT) -> MappingT:
    """Remove the entries whose value is None, in place, and return the mapping."""
    entries: Any = values
    for name in [name for name, value in values.items() if value is None]:
        del entries[name]
    return values
