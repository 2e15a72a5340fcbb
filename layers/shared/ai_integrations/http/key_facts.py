"""The routes of keys: their kind, age and use, never the keys themselves."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.enum_values import PROVIDER_NAMES, canonical, response_format
from ai_integrations.contracts.key_views import KeyList, key_details_view, key_view
from ai_integrations.contracts.views import pagination
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.domain.model import Caller
from ai_integrations.domain.uses import RETENTION
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.responses import json_response
from ai_integrations.use_cases.key_facts import KeyQuery, Keys

COLLECTION = "/v2/keys"
ONE = "/v2/ai-integrations/<integration_id>/key"
MAX_AGE_DAYS = 3650


class KeyRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, keys: Keys) -> None:
        self._app = app
        self._keys = keys
        app.get(ONE)(self.get)
        app.get(COLLECTION)(self.list_page)

    def get(self, integration_id: str) -> Response[str]:
        """Return the facts of an integration's key."""
        details = self._keys.get(self._caller(), ids.decode(integration_id))
        wire_format = response_format((), self._app.current_event.headers)
        return json_response(key_details_view(details.facts, details.uses_by_day, wire_format))

    def list_page(self) -> Response[str]:
        """List the keys of integrations, the newest integration first."""
        event, caller = self._app.current_event, self._caller()
        sent = event.query_string_parameters
        provider = sent.get("provider")
        query = KeyQuery(
            provider=None if provider is None else _canonical_provider(provider),
            older_than_days=query_parameters.days(sent, "older_than_days", MAX_AGE_DAYS),
            unused_for_days=query_parameters.days(sent, "unused_for_days", RETENTION.days),
        )
        issued_for = (COLLECTION, caller.account, *(None if each is None else str(each) for each in query))
        after = cursors.decode(sent.get("cursor"), ids.is_ulid, *issued_for)
        page = self._keys.page(caller, query, after=after, limit=query_parameters.limit(sent))
        wire_format = response_format([provider] if provider else (), event.headers)
        cursor = cursors.encode(page.last_read, *issued_for) if page.last_read else None
        views = [key_view(each, wire_format) for each in page.keys]
        return json_response(KeyList(keys=views, pagination=pagination(cursor)))

    def _caller(self) -> Caller:
        return caller_from_context(self._app.current_event.request_context.authorizer)


def _canonical_provider(sent: str) -> str:
    if sent not in PROVIDER_NAMES:
        raise InvalidRequestError(FieldError("", "The parameter provider must be the name of a provider."))
    return canonical(sent)
