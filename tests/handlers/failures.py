"""Failures of AWS calls that tests inject with `Cloud.fail`."""

Failure = Exception | tuple[str, int]
"""An exception that the client raises, or the error code and HTTP status of a response."""


def failure_id(value: object) -> str | None:
    """Name a failure in the id of a test; other parameters keep their default."""
    match value:
        case Exception():
            return type(value).__name__
        case (str() as code, int()):
            return code
    return None
