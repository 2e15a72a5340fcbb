"""The routes of consumers. The function `consumers` serves them: no other function may write grants."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.consumer_bodies import ConsumerChange, NewConsumer
from ai_integrations.contracts.consumer_views import (
    ConsumerAccessList,
    ConsumerList,
    access_view,
    consumer_view,
)
from ai_integrations.contracts.views import pagination
from ai_integrations.domain.consumers import Consumer
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.domain.model import Caller
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.body import parse_body
from ai_integrations.http.etags import etag, if_match
from ai_integrations.http.resolver import register_error_handlers
from ai_integrations.http.responses import json_response
from ai_integrations.http.rest_resolver import RestResolver
from ai_integrations.observability import logger
from ai_integrations.use_cases.consumers import Consumers, NewGrant

COLLECTION = "/v2/consumers"
ONE = f"{COLLECTION}/<consumer_id>"
OF_INTEGRATION = "/v2/ai-integrations/<integration_id>/consumers"


def build_consumer_app(consumers: Consumers) -> APIGatewayRestResolver:
    """Build the app of the `consumers` function."""
    app = RestResolver()
    register_error_handlers(app)
    ConsumerRoutes(app, consumers)
    return app


class ConsumerRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(self, app: APIGatewayRestResolver, consumers: Consumers) -> None:
        self._app = app
        self._consumers = consumers
        app.post(COLLECTION)(self.create)
        app.get(COLLECTION)(self.list_page)
        app.get(ONE)(self.get)
        app.patch(ONE)(self.update)
        app.delete(ONE)(self.revoke)
        app.get(OF_INTEGRATION)(self.list_of_integration)

    def create(self) -> Response[str]:
        """Grant a principal access to integrations."""
        event = self._app.current_event
        query_parameters.refuse_dry_run(event)
        body = parse_body(event, NewConsumer)
        grant = NewGrant(body.principal_arn, body.grant(), body.name, body.expires_at)
        consumer = self._consumers.create(self._caller(), grant)
        logger.info("consumer granted", consumer_id=consumer.id, principal=consumer.principal.arn)
        location = f"{event.request_context.path}/{consumer.id}"
        return _consumer_response(consumer, HTTPStatus.CREATED, {"Location": location})

    def list_page(self) -> Response[str]:
        """List consumers, newest first."""
        caller = self._caller()
        after, limit = self._paging(caller, COLLECTION)
        page = self._consumers.page(caller, after=after, limit=limit)
        cursor = cursors.encode(page.last_read, COLLECTION, caller.account) if page.last_read else None
        views = [consumer_view(each) for each in page.consumers]
        return json_response(ConsumerList(consumers=views, pagination=pagination(cursor)))

    def list_of_integration(self, integration_id: str) -> Response[str]:
        """List the consumers that may resolve an integration, with their last uses."""
        caller, ulid = self._caller(), ids.decode(integration_id)
        after, limit = self._paging(caller, ulid)
        page = self._consumers.with_access(caller, ulid, after=after, limit=limit)
        cursor = cursors.encode(page.last_read, ulid, caller.account) if page.last_read else None
        views = [access_view(*each) for each in page.consumers]
        return json_response(ConsumerAccessList(consumers=views, pagination=pagination(cursor)))

    def get(self, consumer_id: str) -> Response[str]:
        """Return a consumer."""
        return _consumer_response(self._consumers.get(self._caller(), _checked(consumer_id)))

    def update(self, consumer_id: str) -> Response[str]:
        """Change a consumer."""
        event, ulid = self._app.current_event, _checked(consumer_id)
        query_parameters.refuse_dry_run(event)
        body = parse_body(event, ConsumerChange)
        condition = if_match(event.headers.get("if-match"))
        consumer = self._consumers.update(self._caller(), ulid, body.changes(), condition)
        logger.info("consumer changed", consumer_id=ulid, fields=sorted(body.model_fields_set))
        return _consumer_response(consumer)

    def revoke(self, consumer_id: str) -> Response[str]:
        """Revoke the grant of a consumer."""
        event, ulid = self._app.current_event, _checked(consumer_id)
        query_parameters.refuse_dry_run(event)
        self._consumers.revoke(self._caller(), ulid, if_match(event.headers.get("if-match")))
        logger.info("consumer revoked", consumer_id=ulid)
        return Response(status_code=HTTPStatus.NO_CONTENT.value, body="")

    def _caller(self) -> Caller:
        return caller_from_context(self._app.current_event.request_context.authorizer)

    def _paging(self, caller: Caller, issued_for: str) -> tuple[str | None, int]:
        sent = self._app.current_event.query_string_parameters
        after = cursors.decode(sent.get("cursor"), ids.is_ulid, issued_for, caller.account)
        return after, query_parameters.limit(sent)


def _checked(consumer_id: str) -> str:
    if not ids.is_ulid(consumer_id):
        raise InvalidRequestError(FieldError("", "This is not the id of a consumer."))
    return consumer_id


def _consumer_response(
    consumer: Consumer, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response[str]:
    return json_response(consumer_view(consumer), status, {"ETag": etag(consumer), **(headers or {})})
