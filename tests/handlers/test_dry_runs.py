"""`?dry_run=true`: what a change of an integration would do. It is checked like the change, and nothing is written."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, NamedTuple

import pytest

from ai_integrations.adapters.dynamodb.uses import DynamoDbUses
from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.domain.uses import UsedBy
from tests.builders import API_KEY, FEDERATIONS, ROOT, ULID, a_caller, create_body, gateway_event
from tests.cloud import Cloud, Response

NEW_KEY = "sk-fake-new-key-not-a-key"
ROLE = {"provider": "awsBedrock", "provider_metadata": {"role_arn": "arn:aws:iam::123456789012:role/models"}}
FEDERATION = dict(FEDERATIONS["OPEN_AI"].fields)
ISSUER = "https://fake.tokens.sts.global.api.aws"
ADMIN, READER, UMBRELLA = a_caller(), a_caller(role=Role.READER), a_caller(account="umbrella")
MEMBER = a_caller(role=Role.MEMBER, memberships=(Membership(space_id="s", admin=True),))
DELETE, PATCH, ROTATE, ROLL_BACK = (
    ("DELETE", ""),
    ("PATCH", ""),
    ("POST", "/key-rotations"),
    ("POST", "/key-rotations/rollback"),
)
ONLY_READS = {
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:TransactWriteItems",  # of checks, see TestNothingChanges
    "lambda:Invoke",
    "secretsmanager:DescribeSecret",
}


def create(cloud: Cloud, caller: Caller = ADMIN, **body: Any) -> str:
    response = cloud.api(gateway_event(create_body(**body), caller=caller))
    assert response.status == 201, response.text
    integration_id: str = response.body["id"]
    return integration_id


def send(
    cloud: Cloud,
    route: tuple[str, str],
    integration_id: str,
    body: object = "",
    *,
    query: dict[str, str] | None = None,
    **parts: Any,
) -> Response:
    cloud.keys.add(NEW_KEY)
    method, subpath = route
    event = gateway_event(body, method=method, path=f"/v2/ai-integrations/{integration_id}{subpath}", **parts)
    return cloud.api(event | {"queryStringParameters": query})


def dry_run(cloud: Cloud, route: tuple[str, str], integration_id: str, body: object = "", **parts: Any) -> Response:
    return send(cloud, route, integration_id, body, query={"dry_run": "true"}, **parts)


def state(cloud: Cloud) -> list[Any]:
    """Describe everything that is stored, each version of each secret included."""
    secrets = cloud.secrets_manager
    versions = [secrets.list_secret_version_ids(SecretId=each["ARN"])["Versions"] for each in cloud.secrets()]
    return [cloud.items(), [(each["VersionId"], each["VersionStages"]) for all_ in versions for each in all_]]


def use(cloud: Cloud, integration_id: str, consumers: Iterable[UsedBy], ago: timedelta) -> str:
    at = datetime.now(UTC) - ago
    for consumer in consumers:
        DynamoDbUses(cloud.dynamodb, cloud.table).record("acme", ids.decode(integration_id), consumer, at)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TestResult:
    def test_deletion_shows_the_integration_its_consumers_and_the_end_of_the_recovery_window(
        self, cloud: Cloud
    ) -> None:
        integration_id = create(cloud, api_key=API_KEY)
        used_at = use(cloud, integration_id, [UsedBy("billing", "billing")], timedelta(days=3))
        current = send(cloud, ("GET", ""), integration_id)
        response = dry_run(cloud, DELETE, integration_id)
        until = datetime.fromisoformat(response.body["restorable_until"])
        assert timedelta(days=29) < until - datetime.now(UTC) < timedelta(days=31)
        assert (response.status, response.headers["etag"]) == (200, current.headers["etag"])
        assert {name: value for name, value in response.body.items() if name != "restorable_until"} == {
            "dry_run": True,
            "operation": "deleteAiIntegration",
            "changed_fields": [],
            "integration": current.body,
            "used_by": [{"consumer": "billing", "last_used_at": used_at}],
            "used_by_count": 1,
        }

    def test_update_shows_the_changed_fields_and_the_integration_after_it(self, cloud: Cloud) -> None:
        integration_id = create(cloud, api_key=API_KEY, model_names=["a"])
        body = {"name": "Renamed", "model_names": ["a"], "headers": {"X-A": "1"}, "api_key": NEW_KEY}
        tried = dry_run(cloud, PATCH, integration_id, body).body
        assert tried["changed_fields"] == ["api_key", "headers", "name"]
        updated = send(cloud, PATCH, integration_id, body).body
        assert tried["integration"] | {"updated_at": updated["updated_at"]} == updated
        assert "restorable_until" not in tried

    @pytest.mark.parametrize(
        ("before", "body", "changed"),
        [
            ({"api_key": API_KEY}, {"api_key": None}, ["api_key"]),
            ({}, {"api_key": NEW_KEY}, ["api_key"]),
            ({}, {"name": "Production OpenAI"}, []),
            ({}, {"federation": FEDERATION}, ["federation"]),
            ({"api_key": API_KEY}, {"federation": FEDERATION}, ["api_key", "federation"]),
        ],
    )
    def test_update_of_the_credentials_names_them_only_if_they_change(
        self, cloud: Cloud, before: dict[str, Any], body: dict[str, Any], changed: list[str]
    ) -> None:
        cloud.variables.update(FEDERATION_ISSUER=ISSUER)
        response = dry_run(cloud, PATCH, create(cloud, **before), body)
        assert (response.status, response.body["changed_fields"]) == (200, changed)

    def test_rotation_and_rollback_change_the_key(self, cloud: Cloud) -> None:
        integration_id = create(cloud, api_key=API_KEY)
        rotation = dry_run(cloud, ROTATE, integration_id, {"api_key": NEW_KEY})
        assert (rotation.body["operation"], rotation.body["changed_fields"]) == ("rotateKey", ["api_key"])
        assert send(cloud, ROTATE, integration_id, {"api_key": NEW_KEY}).status == 200
        rollback = dry_run(cloud, ROLL_BACK, integration_id)
        assert (rollback.body["operation"], rollback.body["changed_fields"]) == ("rollKeyBack", ["api_key"])

    def test_result_has_the_spelling_of_the_body_or_of_the_client(self, cloud: Cloud) -> None:
        integration_id = create(cloud)
        current = {"sdk-language": "python", "sdk-version": "8.61.0"}
        assert dry_run(cloud, DELETE, integration_id).body["integration"]["provider"] == "openAI"
        assert dry_run(cloud, DELETE, integration_id, headers=current).body["integration"]["provider"] == "OPEN_AI"
        updated = dry_run(cloud, PATCH, integration_id, {"provider": "ANTHROPIC"})
        assert updated.body["integration"]["provider"] == "ANTHROPIC"

    def test_result_names_the_latest_100_consumers_of_the_last_30_days(self, cloud: Cloud) -> None:
        integration_id, other = create(cloud), create(cloud, name="Other")
        use(cloud, integration_id, [UsedBy("old", "old")], timedelta(days=31))
        use(cloud, other, [UsedBy("of another", "of another")], timedelta())
        use(cloud, integration_id, [UsedBy("first", "arn:aws:iam::123456789012:role/First")], timedelta(days=29))
        use(cloud, integration_id, [UsedBy(f"{number:03}", f"{number:03}") for number in range(100)], timedelta(days=1))
        use(cloud, integration_id, [UsedBy("last", "last")], timedelta(hours=1))
        body = dry_run(cloud, DELETE, integration_id).body
        assert (len(body["used_by"]), body["used_by_count"]) == (100, 102)
        assert body["used_by"][0]["consumer"] == "last"
        assert not {"old", "of another", "arn:aws:iam::123456789012:role/First"} & {
            each["consumer"] for each in body["used_by"]
        }


SUCCESSES = [
    pytest.param(DELETE, "", id="deletion"),
    pytest.param(PATCH, {"name": "Renamed", "scopings": [{"organization_id": "o", "space_id": "s"}]}, id="update"),
    pytest.param(PATCH, {"api_key": NEW_KEY}, id="update of the key"),
    pytest.param(PATCH, {"federation": FEDERATION}, id="update of the federation"),
    pytest.param(PATCH, {**ROLE, "api_key": None}, id="update of the role"),
    pytest.param(ROTATE, {"api_key": NEW_KEY}, id="rotation"),
    pytest.param(ROLL_BACK, "", id="rollback"),
]


class TestNothingChanges:
    @pytest.mark.parametrize(("route", "body"), SUCCESSES)
    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "request-1"}], ids=["plain", "idempotent"])
    def test_successful_dry_run_writes_nothing(
        self, cloud: Cloud, route: tuple[str, str], body: object, headers: dict[str, str]
    ) -> None:
        cloud.variables.update(FEDERATION_ISSUER=ISSUER)
        integration_id = create(cloud, api_key=API_KEY)
        assert send(cloud, ROTATE, integration_id, {"api_key": "sk-fake-second-key"}).status == 200
        before = state(cloud)
        cloud.calls.clear()
        cloud.outputs.clear()
        assert dry_run(cloud, route, integration_id, body, headers=headers).status == 200
        assert set(cloud.calls) <= ONLY_READS
        [transaction] = [text for text in cloud.outputs if "TransactItems" in text]
        assert "ConditionCheck" in transaction
        assert not any(operation in transaction for operation in ('"Put"', '"Update"', '"Delete"'))
        assert state(cloud) == before
        assert send(cloud, route, integration_id, body, headers=headers).status in {200, 204}
        assert state(cloud) != before

    @pytest.mark.parametrize(
        ("route", "body", "value"),
        [
            *((DELETE, "", value) for value in ("", "1", "True", "yes", "false,true")),
            (PATCH, {"name": "Renamed"}, "yes"),
            (ROTATE, {"api_key": NEW_KEY}, "yes"),
            (ROLL_BACK, "", "yes"),
        ],
    )
    def test_other_value_of_the_parameter_is_rejected_and_nothing_is_done(
        self, cloud: Cloud, route: tuple[str, str], body: object, value: str
    ) -> None:
        integration_id = create(cloud, api_key=API_KEY)
        cloud.calls.clear()
        response = send(cloud, route, integration_id, body, query={"dry_run": value})
        assert response.status == 400
        assert response.body["detail"].endswith("The parameter dry_run must be true or false, once.")
        assert cloud.calls == []

    @pytest.mark.parametrize("values", [["true", "false"], ["false", "true"], ["true", "true"]])
    def test_repeated_parameter_is_rejected_and_nothing_is_done(self, cloud: Cloud, values: list[str]) -> None:
        event = gateway_event("", method="DELETE", path=f"/v2/ai-integrations/{create(cloud)}")
        cloud.calls.clear()
        event |= {
            "queryStringParameters": {"dry_run": values[-1]},  # API Gateway passes the last value
            "multiValueQueryStringParameters": {"dry_run": values},
        }
        assert (cloud.api(event).status, cloud.calls) == (400, [])

    def test_parameter_with_the_value_false_changes_nothing_about_the_request(self, cloud: Cloud) -> None:
        integration_id = create(cloud)
        assert send(cloud, DELETE, integration_id, query={"dry_run": "false"}).status == 204
        assert send(cloud, ("GET", ""), integration_id).status == 404


WITHOUT_DRY_RUN = [
    ("api", "POST", "/v2/ai-integrations"),
    ("api", "POST", "/v2/ai-integrations/{integration_id}/restore"),
    ("consumers", "POST", "/v2/consumers"),
    ("consumers", "PATCH", "/v2/consumers/{consumer_id}"),
    ("consumers", "DELETE", "/v2/consumers/{consumer_id}"),
]


@pytest.mark.parametrize(("function", "method", "path"), WITHOUT_DRY_RUN)
def test_operation_without_dry_run_refuses_one_instead_of_executing_it(
    cloud: Cloud, function: str, method: str, path: str
) -> None:
    event = gateway_event(method=method, path=path.format(integration_id=ids.encode(ULID), consumer_id=ULID))
    for value, detail in (
        ("true", "This operation has no dry run. Nothing was changed."),
        ("x", "true or false, once."),
    ):
        response = cloud.http(function, event | {"queryStringParameters": {"dry_run": value}})
        assert (response.status, cloud.calls) == (400, [])
        assert response.body["detail"].endswith(detail)


def test_every_change_has_a_dry_run_or_refuses_one() -> None:
    paths = json.loads((ROOT / "layers/shared/ai_integrations/http/openapi.json").read_text())["paths"]
    changes = {
        (method.upper(), path): "#/components/parameters/DryRun" in str(operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "get" and not path.endswith(("/test", "/credentials"))
    }
    assert {each for each, has_dry_run in changes.items() if not has_dry_run} == {
        (method, path) for _, method, path in WITHOUT_DRY_RUN
    }


class Refusal(NamedTuple):
    """A request that is refused. `others` are the bodies of integrations that exist beside the one it is sent to."""

    route: tuple[str, str]
    status: int
    body: object = ""
    caller: Caller = ADMIN
    before: dict[str, Any] = {}  # noqa: RUF012 - never changed
    others: tuple[tuple[Caller, dict[str, Any]], ...] = ()
    headers: dict[str, str | None] = {}  # noqa: RUF012 - never changed


KEY = {"api_key": API_KEY}
OTHER = {"name": "Other"}
STALE = {"If-Match": f'"{ULID}.1"'}
REFUSALS = {
    **{
        f"{name}, {reason}": Refusal(route, status, body, before=KEY, **parts)
        for name, route, body in (
            ("deletion", DELETE, ""),
            ("update", PATCH, {"name": "Renamed"}),
            ("rotation", ROTATE, {"api_key": NEW_KEY}),
            ("rollback", ROLL_BACK, ""),
        )
        for reason, status, parts in (
            ("by a reader", 403, {"caller": READER}),
            ("by another account", 404, {"caller": UMBRELLA}),
            ("by a member of a space", 403, {"caller": MEMBER}),
            ("of another version", 412, {"headers": STALE}),
        )
    },
    "rename to a taken name": Refusal(PATCH, 409, {"name": "OTHER"}, others=((ADMIN, OTHER),)),
    "role of another account": Refusal(PATCH, 409, ROLE, others=((UMBRELLA, ROLE),)),
    "identity of another account": Refusal(
        PATCH, 409, {"federation": FEDERATION}, others=((UMBRELLA, {"federation": FEDERATION}),)
    ),
    "key without its destination": Refusal(PATCH, 422, {"base_url": "https://llm.example.com"}, before=KEY),
    "private host": Refusal(PATCH, 422, {"base_url": "https://10.0.0.1"}),
    "masked key": Refusal(PATCH, 422, {"api_key": "****"}),
    "external secret of another account": Refusal(PATCH, 422, {"api_key_secret_arn": "the secret of umbrella"}),
    "role by a member": Refusal(PATCH, 403, ROLE, MEMBER, before={"scopings": [{"space_id": "s"}]}),
    "empty update": Refusal(PATCH, 400, {}),
    "wrong media type": Refusal(PATCH, 415, {"name": "Renamed"}, headers={"content-type": "text/plain"}),
    "rotation to a placeholder": Refusal(ROTATE, 422, {"api_key": "<redacted>"}, before=KEY),
    "rotation without a key": Refusal(ROTATE, 409, {"api_key": NEW_KEY}),
    "rotation with an invalid Idempotency-Key": Refusal(
        ROTATE, 400, {"api_key": NEW_KEY}, before=KEY, headers={"Idempotency-Key": "ä"}
    ),
    "rotation with verify by a member": Refusal(
        ROTATE, 403, {"api_key": NEW_KEY, "verify": True}, MEMBER, {**KEY, "scopings": [{"space_id": "s"}]}
    ),
    "rollback without a previous key": Refusal(ROLL_BACK, 409, before=KEY),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_dry_run_is_refused_like_the_change_itself(cloud: Cloud, refusal: Refusal) -> None:
    cloud.variables.update(FEDERATION_ISSUER=ISSUER)
    integration_id = create(cloud, **refusal.before)
    for caller, other in refusal.others:
        create(cloud, caller, **other)
    before = state(cloud)
    body = refusal.body
    if body == {"api_key_secret_arn": "the secret of umbrella"}:
        tags: Any = [{"Key": ACCOUNT_TAG, "Value": "umbrella"}]
        created = cloud.secrets_manager.create_secret(Name="external", SecretString=API_KEY, Tags=tags)
        before, body = state(cloud), {"api_key_secret_arn": created["ARN"]}
    parts: dict[str, Any] = {"caller": refusal.caller, "headers": refusal.headers}
    tried = dry_run(cloud, refusal.route, integration_id, body, **parts)
    assert (tried.status, state(cloud)) == (refusal.status, before)
    assert send(cloud, refusal.route, integration_id, body, **parts) == tried


@pytest.mark.parametrize("route", [DELETE, PATCH, ROTATE, ROLL_BACK])
def test_dry_run_for_an_unknown_or_malformed_id_is_refused_like_the_change_itself(
    cloud: Cloud, route: tuple[str, str]
) -> None:
    body = {"api_key": NEW_KEY} if route == ROTATE else {"name": "Renamed"}
    for integration_id, status in ((ids.encode(ULID), 404), ("x", 400)):
        tried = dry_run(cloud, route, integration_id, body)
        assert tried.status == status
        assert send(cloud, route, integration_id, body) == tried


def test_dry_run_of_a_change_of_a_deleted_integration_returns_404(cloud: Cloud) -> None:
    integration_id = create(cloud)
    assert send(cloud, DELETE, integration_id).status == 204
    assert dry_run(cloud, DELETE, integration_id).status == 404


@pytest.mark.parametrize(("refusal", "status"), [(None, 200), ("The provider answered with status 401.", 422)])
def test_dry_run_of_a_rotation_with_verify_tests_the_key(cloud: Cloud, refusal: str | None, status: int) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    before = state(cloud)
    payload = BytesIO(json.dumps({"refusal": refusal}).encode())
    cloud.respond("lambda:Invoke", {"StatusCode": 200, "Payload": payload})
    assert dry_run(cloud, ROTATE, integration_id, {"api_key": NEW_KEY, "verify": True}).status == status
    assert cloud.calls.count("lambda:Invoke") == 1
    assert state(cloud) == before


def test_dry_run_neither_uses_nor_consults_the_idempotency_key(cloud: Cloud) -> None:
    integration_id = create(cloud, api_key=API_KEY)
    headers = {"Idempotency-Key": "rotation-1"}
    body = {"api_key": NEW_KEY}
    assert dry_run(cloud, ROTATE, integration_id, body, headers=headers).status == 200
    first = send(cloud, ROTATE, integration_id, body, headers=headers)
    assert dry_run(cloud, ROTATE, integration_id, {"api_key": "sk-fake-third-key"}, headers=headers).status == 200
    assert send(cloud, ROTATE, integration_id, body, headers=headers) == first
