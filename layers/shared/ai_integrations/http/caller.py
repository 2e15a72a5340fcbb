"""The caller, as the authorizer hands it to the functions behind the gateway: a flat map of texts."""

import json
from collections.abc import Mapping
from typing import Any

from ai_integrations.contracts.caller import caller_of
from ai_integrations.domain.model import Caller


def caller_from_context(context: Mapping[str, Any]) -> Caller:
    """Rebuild the caller from an event's `requestContext.authorizer`."""
    return caller_of({**context, "memberships": json.loads(context["memberships"])})
