"""The route of spaces. Newer Python clients use it to find the id of a space by its name."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.enum_values import expects_is_private
from ai_integrations.contracts.views import SpaceList, pagination, space_view
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.listing import SpaceDirectory

COLLECTION = "/v2/spaces"


class SpaceRoutes:
    """The route of spaces."""

    def __init__(self, app: APIGatewayRestResolver, directory: SpaceDirectory) -> None:
        self._app = app
        self._directory = directory
        app.get(COLLECTION)(self.list_page)

    def list_page(self) -> Response[str]:
        """List the spaces that the caller belongs to; an admin gets all."""
        event = self._app.current_event
        sent = event.query_string_parameters
        caller = caller_from_context(event.request_context.authorizer)
        name = query_parameters.text(sent, "name", query_parameters.MAX_NAME_LENGTH)
        after = cursors.decode(sent.get("cursor"), query_parameters.is_opaque_id, COLLECTION, caller.account, name)
        page = self._directory.page(caller, name, after=after, limit=query_parameters.limit(sent))
        cursor = cursors.encode(page.last_read, COLLECTION, caller.account, name) if page.last_read else None
        private = True if expects_is_private(event.headers) else None
        spaces = [space_view(each, private=private) for each in page.spaces]
        return json_response(SpaceList(spaces=spaces, pagination=pagination(cursor)))
