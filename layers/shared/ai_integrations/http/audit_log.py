"""The route of the audit log."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.audit_views import AuditLogPage, audit_log_entry
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.views import pagination
from ai_integrations.domain.audit_log import OperationType
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.audit_log import AuditLog, AuditQuery

COLLECTION = "/v2/audit-logs"
MAX_NAMES = 20

_ENTRY_ID = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}\+00:00#[0-9A-Za-z#]{1,100}"
_FILTERS = ("start_time", "end_time", "user_id", "operation_type", "resource_id")


class AuditLogRoutes:
    """The route. It parses the request, calls the use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, audit_log: AuditLog) -> None:
        self._app = app
        self._audit_log = audit_log
        app.get(COLLECTION)(self.list_page)

    def list_page(self) -> Response[str]:
        """List the entries of the caller's account, newest first."""
        event = self._app.current_event
        caller = caller_from_context(event.request_context.authorizer)
        sent = event.query_string_parameters
        names = (event.multi_value_query_string_parameters or {}).get("operation_name", [])
        query = _query(sent, names)
        issued_for = (COLLECTION, caller.account, *map(sent.get, _FILTERS), *sorted(query.operation_names))
        after = cursors.decode(sent.get("cursor"), _is_entry_id, *issued_for)
        page = self._audit_log.page(caller, query, after=after, limit=query_parameters.limit(sent))
        cursor = cursors.encode(page.last_read, *issued_for) if page.last_read else None
        views = [audit_log_entry(each) for each in page.entries]
        return json_response(AuditLogPage(logs=views, pagination=pagination(cursor)))


def _query(sent: Mapping[str, str], names: Collection[str]) -> AuditQuery:
    query = AuditQuery(
        start=_time(sent, "start_time"),
        end=_time(sent, "end_time"),
        actor=ids.decode_user(sent["user_id"]) if "user_id" in sent else None,
        operation_type=_operation_type(sent.get("operation_type")),
        operation_names=_names(names),
        resource_id=_resource_id(sent.get("resource_id")),
    )
    if query.start and query.end and query.start > query.end:
        raise _invalid("start_time must not be after end_time.")
    return query


def _time(sent: Mapping[str, str], name: str) -> datetime | None:
    """Read a time; None if it is absent. Official clients send a time without an offset if their caller passes one."""
    if name not in sent:
        return None
    try:
        moment = datetime.fromisoformat(sent[name])
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        raise _invalid(f"{name} must be a time such as 2026-01-02T03:04:05Z.") from None


def _operation_type(sent: str | None) -> OperationType | None:
    try:
        return None if sent is None else OperationType(sent)
    except ValueError:
        raise _invalid(f"operation_type must be one of {', '.join(OperationType)}.") from None


def _names(sent: Collection[str]) -> frozenset[str]:
    longest = query_parameters.MAX_NAME_LENGTH
    if len(sent) > MAX_NAMES or not all(1 <= len(each) <= longest for each in sent):
        raise _invalid(f"operation_name must occur at most {MAX_NAMES} times, with 1 to {longest} characters.")
    return frozenset(sent)


def _resource_id(sent: str | None) -> str | None:
    """Read the id of an integration or a consumer as a ULID."""
    return sent if sent is None or ids.is_ulid(sent) else ids.decode(sent)


def _is_entry_id(text: str) -> bool:
    return re.fullmatch(_ENTRY_ID, text) is not None


def _invalid(detail: str) -> InvalidRequestError:
    return InvalidRequestError(FieldError("", f"The parameter {detail}"))
