"""The end of the Lambda init phase."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

ResultT = TypeVar("ResultT")


def ends_init(factory: Callable[[], ResultT]) -> Callable[[], ResultT]:
    """End the init phase after a factory: exclude what init created from garbage collection, then enable it."""

    @wraps(factory)
    def build() -> ResultT:
        result = factory()
        gc.freeze()
        gc.enable()
        return result

    return build
