"""How the connection of an integration is shown, and the route of its last test."""

from typing import Annotated, NotRequired

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts import ids
from ai_integrations.contracts.views import Timestamp, timestamp, without_none
from ai_integrations.domain.connection_health import UNKNOWN, Health, Rung
from ai_integrations.domain.model import Caller, Integration, Role
from ai_integrations.http.caller import caller_from_context
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.integrations import Integrations
from ai_integrations.use_cases.ports import HealthReader

ROUTE = "/v2/ai-integrations/<integration_id>/health"
FINGERPRINT_HEADER = "AI-Integration-Key-Fingerprint"


class RungView(TypedDict):
    """One step of a test."""

    name: Annotated[str, Field(description="reachable, authenticated or model_answers.")]
    status: Annotated[str, Field(description="passed, failed or not_proved.")]
    latency_ms: int
    proved: NotRequired[str | None]
    not_proved: NotRequired[
        Annotated[str | None, Field(description="What went wrong, or what can not be seen this way.")]
    ]
    provider_said: NotRequired[Annotated[str | None, Field(description="The provider's own words, redacted.")]]


class ConnectionHealth(TypedDict):
    """The outcome of a test; the rungs behind a failed one were not climbed."""

    status: Annotated[str, Field(description="passed, failed or not_proved; unknown where no test has been made.")]
    rungs: list[RungView]
    checked_at: NotRequired[Timestamp | None]
    model: NotRequired[Annotated[str | None, Field(description="The model that the request named.")]]
    integration_version: NotRequired[
        Annotated[int | None, Field(description="Absent for an integration that is not saved.")]
    ]
    outdated: NotRequired[
        Annotated[bool | None, Field(description="Whether the integration has changed since the test.")]
    ]


def health_view(health: Health, current_version: int | None = None) -> ConnectionHealth:
    """Show an outcome; it is outdated when the integration has another version by now."""
    view: ConnectionHealth = {
        "status": health.status,
        "rungs": [_rung_view(each) for each in health.rungs],
        "checked_at": timestamp(health.checked_at),
        "model": health.model,
        "integration_version": health.integration_version or None,
        "outdated": None if current_version is None else current_version != health.integration_version,
    }
    return without_none(view)


def _rung_view(rung: Rung) -> RungView:
    view: RungView = {
        "name": rung.name,
        "status": rung.status,
        "latency_ms": rung.latency_ms,
        "proved": rung.proved,
        "not_proved": rung.not_proved,
        "provider_said": rung.provider_said,
    }
    return without_none(view)


class HealthRoutes:
    """The route, which parses, makes two reads, and shows what came of them."""

    def __init__(self, app: APIGatewayRestResolver, integrations: Integrations, healths: HealthReader) -> None:
        self._app = app
        self._integrations = integrations
        self._healths = healths
        app.get(ROUTE)(self.get)

    def get(self, integration_id: str) -> Response[str]:
        """Show how an integration's connection was found to be at last."""
        caller = caller_from_context(self._app.current_event.request_context.authorizer)
        integration = self._integrations.get(caller, ids.decode(integration_id))
        health = self._healths.last(caller.account, integration.id)
        if health is None:
            return json_response(ConnectionHealth(status=UNKNOWN, rungs=[]))
        headers = fingerprint_header(caller, health) if _is_of_present_key(health, integration) else {}
        return json_response(health_view(health, integration.version), headers=headers)


def fingerprint_header(caller: Caller, health: Health) -> dict[str, str]:
    """Return the header that tells admins which key was tested, if that is known."""
    if caller.role is not Role.ADMIN or health.key_fingerprint is None:
        return {}
    return {FINGERPRINT_HEADER: health.key_fingerprint}


def _is_of_present_key(health: Health, integration: Integration) -> bool:
    """Tell whether the key that was tested is the one that the integration names.

    For a secret of somebody else's nobody knows without reading it, so that its integration has to be unchanged.
    """
    secret = integration.secret
    if secret is not None and secret.is_owned:
        return secret.version == health.key_version
    return secret is not None and integration.version == health.integration_version
