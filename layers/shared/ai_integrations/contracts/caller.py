"""A caller as a plain dictionary: the table and the gateway's authorizer context store it in this form."""

import json
from collections.abc import Mapping
from typing import Any

from ai_integrations.domain.model import Caller, Membership, Role


def caller_item(caller: Caller) -> dict[str, Any]:
    """Convert a caller to its plain form."""
    return {
        "account": caller.account,
        "user": caller.user,
        "role": caller.role.value,
        "memberships": [membership._asdict() for membership in caller.memberships],
    }


def caller_of(item: Mapping[str, Any]) -> Caller:
    """Restore a caller from its plain form."""
    return Caller(
        account=item["account"],
        user=item["user"],
        role=Role(item["role"]),
        memberships=tuple(Membership(**each) for each in item["memberships"]),
    )


def caller_from_context(context: Mapping[str, Any]) -> Caller:
    """Restore the caller from an event's `requestContext.authorizer`, a flat map of texts."""
    return caller_of({**context, "memberships": json.loads(context["memberships"])})
