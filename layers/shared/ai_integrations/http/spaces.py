"""The routes of organizations and spaces. Clients use them to find the ids of scopings by name."""

from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.enum_values import expects_is_private, knows_organization_of_space
from ai_integrations.contracts.views import (
    OrganizationList,
    SpaceList,
    SpaceView,
    organization_view,
    pagination,
    space_view,
)
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.domain.model import Caller, Space
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.listing import SpaceDirectory

SPACES = "/v2/spaces"
SPACE = f"{SPACES}/<space_id>"
ORGANIZATIONS = "/v2/organizations"
ORGANIZATION = f"{ORGANIZATIONS}/<org_id>"


class DirectoryRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, directory: SpaceDirectory) -> None:
        self._app = app
        self._directory = directory
        app.get(SPACES)(self.list_spaces)
        app.get(SPACE)(self.get_space)
        app.get(ORGANIZATIONS)(self.list_organizations)
        app.get(ORGANIZATION)(self.get_organization)

    def list_spaces(self) -> Response[str]:
        """List the spaces that the caller belongs to; an admin gets all."""
        caller, sent = self._caller(), self._app.current_event.query_string_parameters
        name = query_parameters.text(sent, "name", query_parameters.MAX_NAME_LENGTH)
        organization_id = query_parameters.opaque_id(sent, "org_id")
        issued_for = (SPACES, caller.account, name, organization_id)
        after = cursors.decode(sent.get("cursor"), query_parameters.is_opaque_id, *issued_for)
        limit = query_parameters.limit(sent)
        spaces, last_read = self._directory.spaces(caller, name, organization_id, after=after, limit=limit)
        cursor = cursors.encode(last_read, *issued_for) if last_read else None
        views = [self._space_view(each) for each in spaces]
        return json_response(SpaceList(spaces=views, pagination=pagination(cursor)))

    def get_space(self, space_id: str) -> Response[str]:
        """Return a space."""
        return json_response(self._space_view(self._directory.space(self._caller(), _decoded(space_id))))

    def list_organizations(self) -> Response[str]:
        """List the organizations that the caller belongs to; an admin gets all."""
        caller, sent = self._caller(), self._app.current_event.query_string_parameters
        name = query_parameters.text(sent, "name", query_parameters.MAX_NAME_LENGTH)
        issued_for = (ORGANIZATIONS, caller.account, name)
        after = cursors.decode(sent.get("cursor"), query_parameters.is_opaque_id, *issued_for)
        limit = query_parameters.limit(sent)
        organizations, last_read = self._directory.organizations(caller, name, after=after, limit=limit)
        cursor = cursors.encode(last_read, *issued_for) if last_read else None
        views = [organization_view(each) for each in organizations]
        return json_response(OrganizationList(organizations=views, pagination=pagination(cursor)))

    def get_organization(self, org_id: str) -> Response[str]:
        """Return an organization."""
        return json_response(organization_view(self._directory.organization(self._caller(), _decoded(org_id))))

    def _caller(self) -> Caller:
        return caller_from_context(self._app.current_event.request_context.authorizer)

    def _space_view(self, space: Space) -> SpaceView:
        headers = self._app.current_event.headers
        private = True if expects_is_private(headers) else None
        return space_view(space, private=private, with_organization=knows_organization_of_space(headers))


def _decoded(sent: str) -> str:
    place_id = unquote(sent)
    if not query_parameters.is_opaque_id(place_id):
        raise InvalidRequestError(FieldError("", "This is not the id of an organization or a space."))
    return place_id
