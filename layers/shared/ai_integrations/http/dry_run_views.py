"""The response body of dry runs."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.views import AiIntegration, Timestamp, integration_view, timestamp
from ai_integrations.domain.mappings import without_none
from ai_integrations.use_cases.dry_runs import MAX_LISTED, DryRun


class RecentUse(TypedDict):
    """A consumer that used the integration during the last 30 days."""

    consumer: Annotated[str, Field(description="The ARN of an IAM principal, or the name that a broker stated.")]
    last_used_at: Annotated[Timestamp, Field(description="Precise to the hour.")]


class DryRunResult(TypedDict):
    """What an operation would do. Only a request with `dry_run` gets it."""

    dry_run: Literal[True]
    operation: Annotated[str, Field(description="The id of the operation in this document.")]
    changed_fields: Annotated[
        list[str], Field(description="The names of the fields that would change, sorted. Empty for a deletion.")
    ]
    integration: Annotated[
        AiIntegration, Field(description="The integration after the operation; for a deletion, as it is now.")
    ]
    used_by: Annotated[list[RecentUse], Field(description=f"At most {MAX_LISTED} consumers, the latest use first.")]
    used_by_count: Annotated[
        int, Field(description="The number of consumers that used the integration during the last 30 days.")
    ]
    restorable_until: NotRequired[
        Annotated[Timestamp | None, Field(description="When the recovery window of the deletion would end.")]
    ]


def dry_run_view(operation: str, dry_run: DryRun, wire_format: WireFormat) -> DryRunResult:
    """Render what an operation would do."""
    until = dry_run.restorable_until
    view: DryRunResult = {
        "dry_run": True,
        "operation": operation,
        "changed_fields": list(dry_run.changed_fields),
        "integration": integration_view(dry_run.result, wire_format),
        "used_by": [
            {"consumer": each.consumer.name, "last_used_at": timestamp(each.last_used_at)} for each in dry_run.used_by
        ],
        "used_by_count": dry_run.used_by_count,
        "restorable_until": timestamp(until) if until else None,
    }
    return without_none(view)
