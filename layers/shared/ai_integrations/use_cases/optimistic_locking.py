"""Optimistic locking: a write states the version that it read, and is repeated if another write came first."""

from collections.abc import Callable
from typing import TypeVar

from ai_integrations.domain.errors import ContentionError, VersionConflictError

_ATTEMPTS = 5

ReadT = TypeVar("ReadT")
ResultT = TypeVar("ResultT")


def retry_on_conflict(read: Callable[[], ReadT], commit: Callable[[ReadT], ResultT]) -> ResultT:
    """Read and commit. If a concurrent write came first, read and commit again; ContentionError after five attempts.

    Only a conflict of `commit` is retried: `read` raises VersionConflictError if the caller's condition is not met.
    """
    for _ in range(_ATTEMPTS):
        current = read()
        try:
            return commit(current)
        except VersionConflictError:
            continue
    raise ContentionError
