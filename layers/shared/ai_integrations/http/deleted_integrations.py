"""The route of deleted integrations."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.deleted_views import DeletedAiIntegrationList, deleted_view
from ai_integrations.contracts.enum_values import response_format
from ai_integrations.contracts.views import pagination
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.deleted_integrations import DeletedIntegrations

COLLECTION = "/v2/deleted-ai-integrations"


class DeletedIntegrationRoutes:
    """The route. It parses the request, calls the use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, deleted: DeletedIntegrations) -> None:
        self._app = app
        self._deleted = deleted
        app.get(COLLECTION)(self.list_page)

    def list_page(self) -> Response[str]:
        """List the deleted integrations that can be restored, the newest integration first."""
        event = self._app.current_event
        caller = caller_from_context(event.request_context.authorizer)
        sent = event.query_string_parameters
        issued_for = (COLLECTION, caller.account)
        after = cursors.decode(sent.get("cursor"), ids.is_ulid, *issued_for)
        page = self._deleted.page(caller, after=after, limit=query_parameters.limit(sent))
        cursor = cursors.encode(page.last_read, *issued_for) if page.last_read else None
        wire_format = response_format((), event.headers)
        views = [deleted_view(each, wire_format) for each in page.tombstones]
        return json_response(DeletedAiIntegrationList(deleted_ai_integrations=views, pagination=pagination(cursor)))
