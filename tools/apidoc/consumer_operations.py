"""The operations for consumers: grants to IAM principals, and the requests with which a consumer gets credentials."""

from dataclasses import replace

from ai_integrations.contracts.consumer_bodies import ConsumerChange, NewConsumer
from ai_integrations.contracts.consumer_views import ConsumerAccessList, ConsumerList, ConsumerView
from ai_integrations.contracts.credential_bodies import CredentialRequest, NamedCredentialRequest
from ai_integrations.contracts.problems import (
    CONFLICT,
    FAILED_DEPENDENCY,
    INVALID_REQUEST,
    NOT_FOUND,
    PRECONDITION_FAILED,
)
from ai_integrations.http import consumers, credentials
from ai_integrations.key_access.messages import Resolution
from tools.apidoc.operation import (
    AUTHENTICATED_ERRORS,
    BODY_ERRORS,
    COMMON_ERRORS,
    INTEGRATION_PATH,
    Operation,
    Response,
    Security,
    path_template,
)

_CONSUMERS = "Consumers"
_ONE = path_template(consumers.ONE)
_CONSUMER = Response(description="The consumer.", body=ConsumerView, headers=("ETag",), examples=("consumer",))

_RESOLVE = Operation(
    id="resolveAiIntegration",
    method="post",
    path=f"{INTEGRATION_PATH}/credentials",
    tag="Credentials",
    summary="Resolve an integration",
    description=(
        "Returns what a program needs to call the provider, its credentials included. The request must be signed with "
        "the AWS credentials of an IAM role or user that an account has granted access (`POST /v2/consumers`). "
        "Nothing in the request can state another identity. An integration outside the grant gets the same 404 "
        "response as one that does not exist."
    ),
    security=Security.AWS_SIGNATURE,
    body=CredentialRequest,
    body_required=False,
    body_examples=("nothing", "credentials_of_account"),
    parameters=("integration_id",),
    response=Response(description="The integration and its credentials.", body=Resolution, examples=("resolution",)),
    errors=(INVALID_REQUEST, *COMMON_ERRORS, NOT_FOUND, CONFLICT, *BODY_ERRORS, FAILED_DEPENDENCY),
)

CONSUMER_OPERATIONS = (
    Operation(
        id="createConsumer",
        method="post",
        path=consumers.COLLECTION,
        tag=_CONSUMERS,
        summary="Grant an IAM principal access",
        description=(
            "Lets an IAM role or user resolve integrations of the account, which includes their credentials. The grant "
            "is one of `integration_ids`, `memberships` and `all_integrations`. A principal has at most one grant in "
            "an account. It also needs the IAM permission that operators give to roles. For admins only."
        ),
        body=NewConsumer,
        body_examples=("grant_integrations", "grant_space", "grant_all"),
        response=replace(_CONSUMER, status=201, description="The new consumer.", headers=("ETag", "Location")),
        errors=(*AUTHENTICATED_ERRORS, CONFLICT, *BODY_ERRORS),
    ),
    Operation(
        id="listConsumers",
        method="get",
        path=consumers.COLLECTION,
        tag=_CONSUMERS,
        summary="List consumers",
        description="Returns the consumers of the account, newest first, expired ones included. For admins only.",
        parameters=("limit", "cursor"),
        response=Response(description="A page of consumers.", body=ConsumerList, examples=("consumers",)),
        errors=AUTHENTICATED_ERRORS,
    ),
    Operation(
        id="getConsumer",
        method="get",
        path=_ONE,
        tag=_CONSUMERS,
        summary="Get a consumer",
        description="Returns one consumer. For admins only.",
        parameters=("consumer_id",),
        response=_CONSUMER,
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
    Operation(
        id="updateConsumer",
        method="patch",
        path=_ONE,
        tag=_CONSUMERS,
        summary="Change a grant",
        description=(
            "Changes only the fields in the request. Null removes `name` or `expires_at`. One of `integration_ids`, "
            "`memberships` and `all_integrations` replaces the whole grant. The principal cannot change: revoke the "
            "grant and create another one. For admins only."
        ),
        body=ConsumerChange,
        body_examples=("extend_grant", "grant_other_integrations"),
        parameters=("consumer_id", "If-Match"),
        response=replace(_CONSUMER, description="The changed consumer."),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, PRECONDITION_FAILED, *BODY_ERRORS),
    ),
    Operation(
        id="revokeConsumer",
        method="delete",
        path=_ONE,
        tag=_CONSUMERS,
        summary="Revoke a grant",
        description=(
            "Revokes the grant of a consumer. Its next request is rejected. Credentials that it already has keep "
            "working: rotate the keys if it must not use them. For admins only."
        ),
        parameters=("consumer_id", "If-Match"),
        response=Response(status=204, description="The grant was revoked."),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND, PRECONDITION_FAILED),
    ),
    Operation(
        id="listConsumersOfIntegration",
        method="get",
        path=f"{INTEGRATION_PATH}/consumers",
        tag=_CONSUMERS,
        summary="List the consumers of an integration",
        description=(
            "Returns the consumers that may resolve the integration now, newest first, with the part of their grant "
            "that allows it and their last use. For admins only."
        ),
        parameters=("integration_id", "limit", "cursor"),
        response=Response(
            description="A page of consumers.", body=ConsumerAccessList, examples=("consumers_of_integration",)
        ),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
    _RESOLVE,
    replace(
        _RESOLVE,
        id="resolveAiIntegrationByName",
        path=credentials.BY_NAME,
        summary="Resolve an integration by its name",
        description=(
            "Like `POST /v2/ai-integrations/{integration_id}/credentials`, with the name or id of the integration in "
            "the body."
        ),
        body=NamedCredentialRequest,
        body_required=True,
        body_examples=("credentials_by_name",),
        parameters=(),
    ),
)
