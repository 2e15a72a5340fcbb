"""The caller in the authorizer context, which API Gateway limits to a flat map of strings."""

import json
from collections.abc import Mapping
from typing import Any

from ai_integrations.contracts.caller import caller_of
from ai_integrations.domain.model import Caller


def caller_from_context(context: Mapping[str, Any]) -> Caller:
    """Restore the caller from an event's `requestContext.authorizer`."""
    return caller_of({**context, "memberships": json.loads(context["memberships"])})
