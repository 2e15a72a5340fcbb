"""The caller, as the authorizer hands it to the functions behind the gateway: a flat map of texts."""

import json
from collections.abc import Mapping
from typing import Any

from ai_integrations.access import caller_item, caller_of
from ai_integrations.model import Caller


def to_context(caller: Caller) -> dict[str, str]:
    """Flatten a caller for the gateway, which passes on texts, numbers and booleans alone."""
    item = caller_item(caller)
    return {**item, "memberships": json.dumps(item["memberships"])}


def from_context(context: Mapping[str, Any]) -> Caller:
    """Rebuild the caller from an event's `requestContext.authorizer`."""
    return caller_of({**context, "memberships": json.loads(context["memberships"])})
