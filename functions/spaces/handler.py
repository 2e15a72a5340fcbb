"""Keeps the directory of organizations and spaces; operators invoke it directly."""

from ai_integrations import cold_start

# isort: split
import json
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.directory import directory
from ai_integrations.commands import (
    ListPlaces,
    PlaceCommand,
    RegisterOrganization,
    RegisterSpace,
    RemoveSpace,
    place_view,
)
from ai_integrations.errors import AiIntegrationsError, FieldError, RuleViolationError
from ai_integrations.http import problem
from ai_integrations.http.parsing import parse_text
from ai_integrations.model import Organization, Space
from ai_integrations.observability import hiding_texts, logger

_directory = directory()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
@hiding_texts()
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Carry out one command of `ai_integrations.commands`; what is refused comes back as {"problem": …}."""
    try:
        return _carry_out(parse_text(json.dumps(event), PlaceCommand).root, datetime.now(UTC))
    except AiIntegrationsError as error:
        return {"problem": problem.document_of(error, context.aws_request_id)}


def _carry_out(
    command: RegisterOrganization | RegisterSpace | RemoveSpace | ListPlaces, now: datetime
) -> dict[str, Any]:
    match command:
        case RegisterOrganization():
            return _register(Organization(account=command.account, id=command.id, name=command.name, created_at=now))
        case RegisterSpace():
            _check_organization(command)
            return _register(Space(**command.model_dump(exclude={"action"}), created_at=now))
        case RemoveSpace():
            _directory.remove_space(command.account, command.id)
            logger.info("space removed", account=command.account, space_id=command.id)
            return {}
        case ListPlaces():
            return {
                "organizations": [place_view(each) for each in _directory.organizations(command.account)],
                "spaces": [place_view(each) for each in _directory.spaces(command.account)],
            }


def _register(place: Organization | Space) -> dict[str, Any]:
    _directory.register(place)
    logger.info("place registered", account=place.account, place_id=place.id, kind=type(place).__name__)
    return place_view(place)


def _check_organization(command: RegisterSpace) -> None:
    organization = command.organization_id
    if organization is not None and not _directory.has_organization(command.account, organization):
        raise RuleViolationError(FieldError("/organization_id", "The organization is not registered: do that first."))
