"""The routes of integrations."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from ai_integrations.contracts import ids
from ai_integrations.contracts.caller import caller_from_context
from ai_integrations.contracts.enum_values import WireFormat, response_format
from ai_integrations.contracts.integration_bodies import CreateBody, PatchBody, RotateBody
from ai_integrations.contracts.views import AiIntegrationList, integration_view, pagination, rotation_view
from ai_integrations.domain.model import Integration
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.body import parse_body
from ai_integrations.http.etags import etag, if_match
from ai_integrations.http.idempotency import idempotency_key
from ai_integrations.http.responses import json_response
from ai_integrations.observability import logger
from ai_integrations.use_cases.integrations import Integrations, RequestedChange, Rotation, VerifyKey
from ai_integrations.use_cases.listing import IntegrationList, Query

if TYPE_CHECKING:
    from ai_integrations.use_cases.dry_runs import DryRuns, Operation

COLLECTION = "/v2/ai-integrations"
ONE = f"{COLLECTION}/<integration_id>"


class IntegrationRoutes:
    """The routes. Each parses the request, calls one use case and renders the result."""

    def __init__(
        self,
        app: APIGatewayRestResolver,
        integrations: Integrations,
        integration_list: IntegrationList,
        verify_key: VerifyKey,
        dry_runs: "Callable[[], DryRuns]",
    ) -> None:
        self._app = app
        self._integrations = integrations
        self._list = integration_list
        self._verify_key = verify_key
        self._dry_runs = dry_runs
        app.post(COLLECTION)(self.create)
        app.get(COLLECTION)(self.list_page)
        app.get(ONE)(self.get)
        app.patch(ONE)(self.update)
        app.delete(ONE)(self.delete)
        app.post(f"{ONE}/restore")(self.restore)
        app.post(f"{ONE}/key-rotations")(self.rotate_key)
        app.post(f"{ONE}/key-rotations/rollback")(self.roll_back_key)

    def create(self) -> Response[str]:
        """Create an integration."""
        event = self._app.current_event
        query_parameters.refuse_dry_run(event)
        body = parse_body(event, CreateBody)
        caller = caller_from_context(event.request_context.authorizer)
        key = idempotency_key(event.headers.get("idempotency-key"), caller.user, body)
        integration = self._integrations.create(caller, body.settings(), body.credential_change(), key)
        logger.info("integration created", integration_id=integration.id)
        location = f"{event.request_context.path}/{ids.encode(integration.id)}"
        wire_format = response_format(body.enum_values(), event.headers)
        return _integration_response(integration, wire_format, HTTPStatus.CREATED, {"Location": location})

    def list_page(self) -> Response[str]:
        """List integrations, newest first."""
        event = self._app.current_event
        sent = event.query_string_parameters
        query = Query(
            name=query_parameters.text(sent, "name", query_parameters.MAX_NAME_LENGTH),
            space_id=query_parameters.opaque_id(sent, "space_id"),
            space_name=query_parameters.text(sent, "space_name", query_parameters.MAX_NAME_LENGTH),
        )
        caller = caller_from_context(event.request_context.authorizer)
        issued_for = (COLLECTION, caller.account, query.name, query.space_id, query.space_name)
        after = cursors.decode(sent.get("cursor"), ids.is_ulid, *issued_for)
        page = self._list.page(caller, query, after=after, limit=query_parameters.limit(sent))
        wire_format = response_format((), event.headers)
        return json_response(
            AiIntegrationList(
                ai_integrations=[integration_view(each, wire_format) for each in page.integrations],
                pagination=pagination(cursors.encode(page.last_read, *issued_for) if page.last_read else None),
            )
        )

    def get(self, integration_id: str) -> Response[str]:
        """Return an integration."""
        event = self._app.current_event
        integration = self._integrations.get(
            caller_from_context(event.request_context.authorizer), ids.decode(integration_id)
        )
        return _integration_response(integration, response_format((), event.headers))

    def update(self, integration_id: str) -> Response[str]:
        """Update an integration."""
        event = self._app.current_event
        ulid = ids.decode(integration_id)
        body = parse_body(event, PatchBody)
        caller = caller_from_context(event.request_context.authorizer)
        condition = if_match(event.headers.get("if-match"))
        wire_format = response_format(body.enum_values(), event.headers)
        change = RequestedChange(
            partial(body.apply, wire_format=wire_format), body.credential_change(), sent_fields=body.model_fields_set
        )
        if self._is_dry_run():
            return self._dry_run(
                "updateAiIntegration", lambda tried, is_met: tried.update(caller, ulid, change, is_met), wire_format
            )
        integration = self._integrations.update(caller, ulid, change, condition)
        logger.info("integration updated", integration_id=ulid, fields=sorted(body.model_fields_set))
        return _integration_response(integration, wire_format)

    def delete(self, integration_id: str) -> Response[str]:
        """Delete an integration."""
        event = self._app.current_event
        ulid = ids.decode(integration_id)
        caller = caller_from_context(event.request_context.authorizer)
        if self._is_dry_run():
            return self._dry_run("deleteAiIntegration", lambda tried, is_met: tried.delete(caller, ulid, is_met))
        self._integrations.delete(caller, ulid, if_match(event.headers.get("if-match")))
        logger.info("integration deleted", integration_id=ulid)
        # Not None: it becomes a null body, which some emulators of API Gateway reject.
        return Response(status_code=HTTPStatus.NO_CONTENT.value, body="")

    def restore(self, integration_id: str) -> Response[str]:
        """Restore a deleted integration."""
        event = self._app.current_event
        query_parameters.refuse_dry_run(event)
        ulid = ids.decode(integration_id)
        integration = self._integrations.restore(caller_from_context(event.request_context.authorizer), ulid)
        logger.info("integration restored", integration_id=ulid)
        return _integration_response(integration, response_format((), event.headers))

    def rotate_key(self, integration_id: str) -> Response[str]:
        """Rotate the API key."""
        event = self._app.current_event
        ulid = ids.decode(integration_id)
        body = parse_body(event, RotateBody)
        rotation = Rotation(
            api_key=body.api_key,
            grace=timedelta(seconds=body.grace_seconds),
            verify=self._verify_key if body.verify else None,
        )
        caller = caller_from_context(event.request_context.authorizer)
        request = idempotency_key(event.headers.get("idempotency-key"), caller.user, body, f"rotation {ulid}")
        if self._is_dry_run():
            return self._dry_run("rotateKey", lambda tried, is_met: tried.rotate_key(caller, ulid, rotation, is_met))
        integrations = self._integrations.idempotent(request) if request else self._integrations
        integration = integrations.rotate_key(caller, ulid, rotation, if_match(event.headers.get("if-match")))
        logger.info("key rotated", integration_id=ulid, grace_seconds=body.grace_seconds, verified=body.verify)
        return json_response(rotation_view(integration), headers={"ETag": etag(integration)})

    def roll_back_key(self, integration_id: str) -> Response[str]:
        """Roll back to the previous key."""
        event = self._app.current_event
        ulid = ids.decode(integration_id)
        caller = caller_from_context(event.request_context.authorizer)
        if self._is_dry_run():
            return self._dry_run("rollKeyBack", lambda tried, is_met: tried.roll_back_key(caller, ulid, is_met))
        integration = self._integrations.roll_back_key(caller, ulid, if_match(event.headers.get("if-match")))
        logger.info("key rolled back", integration_id=ulid)
        return json_response(rotation_view(integration), headers={"ETag": etag(integration)})

    def _is_dry_run(self) -> bool:
        return query_parameters.is_dry_run(self._app.current_event)

    def _dry_run(self, name: str, operation: "Operation", wire_format: WireFormat | None = None) -> Response[str]:
        """Return what an operation would do, and change nothing. The ETag is that of the version it was tried on.

        The code of dry runs is imported on first use: each cold start would pay for it.
        """
        from ai_integrations.http.dry_run_views import dry_run_view  # noqa: PLC0415

        headers = self._app.current_event.headers
        dry_run = self._dry_runs().run(operation, if_match(headers.get("if-match")))
        logger.info("dry run ended", integration_id=dry_run.current.id, operation=name)
        view = dry_run_view(name, dry_run, wire_format or response_format((), headers))
        return json_response(view, headers={"ETag": etag(dry_run.current)})


def _integration_response(
    integration: Integration,
    wire_format: WireFormat,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    return json_response(
        integration_view(integration, wire_format), status, {"ETag": etag(integration), **(headers or {})}
    )
