"""The response body of the audit log, in the form that official clients know."""

import json
from base64 import b64encode
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # pydantic supports that of typing from Python 3.12 on

from ai_integrations.contracts import ids
from ai_integrations.contracts.views import Pagination, Timestamp, timestamp
from ai_integrations.domain.audit_log import AuditEntry, OperationType, ResourceType
from ai_integrations.domain.mappings import without_none


# Old clients reject unknown fields and a missing ip.
class AuditLogEntry(TypedDict):
    """A committed change, or a refusal. It contains names of fields, but no values."""

    id: str
    user_id: Annotated[
        str,
        Field(
            description="The id of the user who made the change. Of a refusal, it is base64 of `User:` and the ARN of "
            "the IAM principal, or of `User:broker/` and the name that a broker states."
        ),
    ]
    ip: Annotated[str, Field(description="Always empty. Official clients require it.")]
    operation_type: Annotated[
        str,
        Field(
            description="QUERY for refused resolves, MUTATION for changes.",
            json_schema_extra={"enum": [each.value for each in OperationType]},
        ),
    ]
    operation_name: Annotated[str, Field(description="The id of the operation in this document.")]
    operation_text: Annotated[None, Field(description="Always null: requests may contain keys.")]
    variables: Annotated[
        str,
        Field(
            description="A JSON object: `resource_type`, `resource_id`, `version`, `changed_fields`, `outcome` "
            "(`committed` or `denied`) and `reason`. Fields that are not set are left out."
        ),
    ]
    created_at: Timestamp


class AuditLogPage(TypedDict):
    """A page of the audit log, newest first. It may be short or even empty although another page follows."""

    logs: list[AuditLogEntry]
    pagination: Pagination


def audit_log_entry(entry: AuditEntry) -> AuditLogEntry:
    """Render an entry."""
    return {
        "id": b64encode(f"AuditLog:{entry.id}".encode()).decode(),
        "user_id": ids.encode_user(entry.actor),
        "ip": "",
        "operation_type": entry.operation.type.value,
        "operation_name": entry.operation.value,
        "operation_text": None,
        "variables": json.dumps(_variables(entry)),
        "created_at": timestamp(entry.at),
    }


def _variables(entry: AuditEntry) -> dict[str, object]:
    is_integration = entry.operation.resource_type is ResourceType.INTEGRATION
    resource_id = ids.encode(entry.resource_id) if is_integration and entry.resource_id else entry.resource_id
    return without_none(
        {
            "resource_type": entry.operation.resource_type.value,
            "resource_id": resource_id,
            "version": entry.version,
            "changed_fields": list(entry.changed_fields) or None,
            "outcome": entry.outcome.value,
            "reason": entry.reason,
        }
    )
