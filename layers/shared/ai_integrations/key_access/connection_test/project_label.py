"""The step of a connection test that shows whether a Google Cloud project has the label that the integration names."""

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import SecretStr

from ai_integrations.domain.connection_health import Rung
from ai_integrations.domain.model import Integration
from ai_integrations.key_access.connection_test.outcomes import FAILURES, describe_failure, describe_status, is_success
from ai_integrations.key_access.connection_test.provider_requests import collect_secrets
from ai_integrations.key_access.connection_test.redaction import describe_response
from ai_integrations.key_access.connection_test.step_timer import PROJECT_LABELED, StepTimer
from ai_integrations.key_access.outbound.deadline import Deadline
from ai_integrations.key_access.outbound.http_messages import OutboundRequest, OutboundResponse

if TYPE_CHECKING:
    from ai_integrations.key_access.ports import Outbound

# https://docs.cloud.google.com/resource-manager/reference/rest/v3/projects/get
PROJECTS = "https://cloudresourcemanager.googleapis.com/v3/projects"
_SECONDS = 5.0
_UNKNOWN = "The project's labels could not be read, which needs the permission resourcemanager.projects.get."


def find_project_label(integration: Integration, token: SecretStr, outbound: "Outbound", deadline: Deadline) -> Rung:
    """Read the project's labels. Without the permission for it, the result is inconclusive.

    The request goes to Google, whatever the base_url is. It therefore contains no header of the integration.
    """
    timer = StepTimer(PROJECT_LABELED)
    metadata = integration.provider_metadata or {}
    request = OutboundRequest(
        method="GET",
        url=f"{PROJECTS}/{quote(metadata.get('project_id', ''), safe=':')}",
        headers={"Authorization": f"Bearer {token.get_secret_value()}"},
    )
    try:
        response = outbound.send(request, deadline.within(_SECONDS))
    except FAILURES as failure:
        return timer.inconclusive(f"{_UNKNOWN} {describe_failure(failure)}")
    labels = _read_labels(response) if is_success(response) else None
    if labels is None:
        message = describe_response(response.body, collect_secrets(integration, token))
        return timer.inconclusive(f"{_UNKNOWN} {describe_status(response)}", message)
    if metadata.get("project_access_label") in labels:
        return timer.passed("The project has the label that project_access_label names.")
    return timer.failed("The project does not have the label that project_access_label names, as a key or as a value.")


def _read_labels(response: OutboundResponse) -> set[str] | None:
    """Read the keys and values of the labels, each also as `key:value` and `key=value`; None if that fails."""
    try:
        project = json.loads(response.body)
        labels = project.get("labels", {}).items()
        return {text for key, value in labels for text in (key, value, f"{key}:{value}", f"{key}={value}")}
    except (AttributeError, RecursionError, TypeError, ValueError):
        return None
