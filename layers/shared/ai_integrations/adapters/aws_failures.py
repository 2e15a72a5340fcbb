"""Distinguish failures that pass, such as an outage of AWS, from requests that fail each time."""

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from ai_integrations.adapters.eventbridge import UndeliveredError
from ai_integrations.domain.errors import ContentionError

# With these codes AWS rejects what a request contains. EventBridge rejects single events with the last two
# (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).
_INVALID_REQUEST = frozenset({"InvalidParameterException", "ValidationException", "InvalidArgument", "MalformedDetail"})


def may_succeed_later(error: Exception) -> bool:
    """Check whether a retry can succeed. Errors of our own code are the same each time."""
    match error:
        case ParamValidationError():
            return False
        case ClientError():
            return error.response.get("Error", {}).get("Code") not in _INVALID_REQUEST
        case UndeliveredError():
            return str(error) not in _INVALID_REQUEST
    return isinstance(error, (BotoCoreError, ContentionError, OSError))
