"""Error codes of Secrets Manager."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

GONE = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
"""A secret or version does not exist, or the secret is scheduled for deletion."""

RELEASED = GONE | {"InvalidParameterException"}
"""The version no longer has the stage label, for example because only the response of the removal was lost."""


@contextmanager
def ignore_errors(codes: Collection[str]) -> Iterator[None]:
    """Suppress a ClientError that has one of these codes."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
