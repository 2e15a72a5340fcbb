"""The response body of connection tests, and the header that comes with it."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ai_integrations.contracts.views import Timestamp, timestamp
from ai_integrations.domain.connection_health import UNKNOWN, Health, Rung
from ai_integrations.domain.mappings import without_none
from ai_integrations.domain.model import Caller, Role

FINGERPRINT_HEADER = "AI-Integration-Key-Fingerprint"


class RungView(TypedDict):
    """One step of a connection test."""

    name: Annotated[
        str, Field(description="reachable, token_exchanged, authenticated, model_answers or project_labeled.")
    ]
    status: Annotated[str, Field(description="passed, failed or not_proved.")]
    latency_ms: int
    proved: NotRequired[str | None]
    not_proved: NotRequired[Annotated[str | None, Field(description="What went wrong, or what the step cannot show.")]]
    provider_said: NotRequired[Annotated[str | None, Field(description="The provider's error message, redacted.")]]


class ConnectionHealth(TypedDict):
    """The result of a connection test, which stops at the first failed rung."""

    status: Annotated[str, Field(description="passed, failed or not_proved; unknown before the first test.")]
    rungs: list[RungView]
    checked_at: NotRequired[Timestamp | None]
    model: NotRequired[Annotated[str | None, Field(description="The model that the request named.")]]
    models: NotRequired[
        Annotated[
            list[str] | None,
            Field(description="Names of the models that the provider listed, sorted: at most 200. Absent if none."),
        ]
    ]
    integration_version: NotRequired[
        Annotated[int | None, Field(description="Absent if the integration is not saved.")]
    ]
    outdated: NotRequired[
        Annotated[bool | None, Field(description="Whether the integration has changed since the test.")]
    ]


UNTESTED = ConnectionHealth(status=UNKNOWN, rungs=[])


def health_view(health: Health, current_version: int | None = None) -> ConnectionHealth:
    """Render a result. It is outdated if it belongs to another version than `current_version`."""
    view: ConnectionHealth = {
        "status": health.status,
        "rungs": [_rung_view(each) for each in health.rungs],
        "checked_at": timestamp(health.checked_at),
        "model": health.model,
        "models": list(health.models) or None,
        "integration_version": health.integration_version or None,
        "outdated": None if current_version is None else current_version != health.integration_version,
    }
    return without_none(view)


def fingerprint_header(caller: Caller, health: Health) -> dict[str, str]:
    """Build the header with the fingerprint of the tested key, for admins only."""
    if caller.role is not Role.ADMIN or health.key_fingerprint is None:
        return {}
    return {FINGERPRINT_HEADER: health.key_fingerprint}


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
