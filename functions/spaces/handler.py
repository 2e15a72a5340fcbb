"""Maintain the directory of organizations and spaces. Operators invoke this function directly."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.spaces import spaces
from ai_integrations.contracts.direct_invocation import responds_with_problems
from ai_integrations.contracts.operator_commands import (
    ListPlaces,
    PlaceCommand,
    RegisterOrganization,
    RegisterSpace,
    RemoveSpace,
    place_view,
)
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import FieldError, RuleViolationError
from ai_integrations.domain.model import Organization, Space
from ai_integrations.observability import hide_exception_messages, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_spaces = spaces()


@logs_invocation(aws_calls)
@hide_exception_messages()
@responds_with_problems
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> Mapping[str, Any]:
    """Carry out one PlaceCommand."""
    now = datetime.now(UTC)
    match parse_text(json.dumps(event), PlaceCommand).root:
        case RegisterOrganization() as command:
            return _register(Organization(account=command.account, id=command.id, name=command.name, created_at=now))
        case RegisterSpace() as command:
            _check_organization(command)
            return _register(Space(**command.model_dump(exclude={"action"}), created_at=now))
        case RemoveSpace() as command:
            _spaces.remove_space(command.account, command.id)
            logger.info("space removed", space_id=command.id)
            return {}
        case ListPlaces() as command:
            return {
                "organizations": [place_view(each) for each in _spaces.organizations(command.account)],
                "spaces": [place_view(each) for each in _spaces.spaces(command.account)],
            }


def _register(place: Organization | Space) -> dict[str, Any]:
    _spaces.register(place)
    logger.info("place registered", place_id=place.id, kind=type(place).__name__)
    return place_view(place)


def _check_organization(command: RegisterSpace) -> None:
    organization = command.organization_id
    if organization is not None and _spaces.organization(command.account, organization) is None:
        raise RuleViolationError(
            FieldError("/organization_id", "The organization is not registered. Register it first.")
        )
