"""The operations that show the age and use of keys."""

from ai_integrations.contracts.key_views import KeyDetailsView, KeyList
from ai_integrations.contracts.problems import NOT_FOUND
from ai_integrations.http import key_facts
from tools.apidoc.operation import AUTHENTICATED_ERRORS, INTEGRATION_PATH, Operation, Response

_TAG = "Keys"

KEY_OPERATIONS = (
    Operation(
        id="listKeys",
        method="get",
        path=key_facts.COLLECTION,
        tag=_TAG,
        summary="List keys",
        description=(
            "Returns the kind, age and use of the credentials of each integration that the caller can see, the newest "
            "integration first. Never returns the keys themselves."
        ),
        parameters=("limit", "cursor", "older_than_days", "unused_for_days", "provider"),
        response=Response(description="A page of keys.", body=KeyList, examples=("keys",)),
        errors=AUTHENTICATED_ERRORS,
    ),
    Operation(
        id="getKey",
        method="get",
        path=f"{INTEGRATION_PATH}/key",
        tag=_TAG,
        summary="Get the age and use of a key",
        description=(
            "Returns the kind, age and use of the credentials of an integration: when and by whom they were last "
            "changed, and how many consumers resolved them, on each of the last 30 days too. Never returns the key "
            "itself."
        ),
        parameters=("integration_id",),
        response=Response(description="The key.", body=KeyDetailsView, examples=("key",)),
        errors=(*AUTHENTICATED_ERRORS, NOT_FOUND),
    ),
)
