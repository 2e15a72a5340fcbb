"""`functions/credentials` behind API Gateway: who may resolve what, and what a response reveals."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.contracts import ids
from ai_integrations.domain.consumers import Consumer, Grant, Revocation
from ai_integrations.domain.model import Membership, Scoping
from tests.builders import API_KEY, NOON, a_caller, a_consumer, an_integration, create_body, gateway_event, signed_event
from tests.cloud import Cloud, Response

SESSION = "arn:aws:sts::111122223333:assumed-role/billing/job-1"
ROLE = "arn:aws:iam::111122223333:role/billing"
USER = "arn:aws:iam::111122223333:user/ann"
NAME = "Production OpenAI"
# The integrations by what their scopings allow. `THEIRS` is in the other account, with the same name as `OPEN`.
OPEN, SPACE, ORGANIZATION, OTHER_SPACE, THEIRS, MISSING = (f"01KDZ3ZQ8000000000000000{each}" for each in range(10, 16))
INTEGRATIONS = [
    an_integration(id=OPEN, name=NAME),
    an_integration(id=SPACE, name="space", scopings=(Scoping(organization_id="o", space_id="s"),)),
    an_integration(id=ORGANIZATION, name="organization", scopings=(Scoping(organization_id="o"),)),
    an_integration(id=OTHER_SPACE, name="other space", scopings=(Scoping(organization_id="p", space_id="t"),)),
    an_integration(id=THEIRS, name=NAME, account="umbrella"),
]
ALL = Grant()
BY_ID = Grant(integrations=frozenset({OPEN, SPACE, MISSING, THEIRS}))
IN_SPACE = Grant(memberships=(Membership(space_id="s"),))
IN_ORGANIZATION = Grant(memberships=(Membership(organization_id="o"),))
HOUR = timedelta(hours=1)


class Case(NamedTuple):
    """A request, what is granted, and the status of the response. By default, it is granted and resolved."""

    caller: str | None = SESSION
    granted_to: str | None = ROLE
    grant: Grant = ALL
    expires_in: timedelta | None = None
    integration: str = OPEN
    account: str | None = "acme"
    status: int = 200


# Who signs, as API Gateway reports it, and who has the grant.
PRINCIPALS = {
    "session of the role": Case(),
    "session without a named account": Case(account=None),
    "role with a path, of which the session's ARN has nothing": Case(
        granted_to="arn:aws:iam::111122223333:role/team/a/billing"
    ),
    "role name in another case": Case(granted_to="arn:aws:iam::111122223333:role/Billing"),
    "session with an odd name": Case(caller="arn:aws:sts::111122223333:assumed-role/billing/i=0+a,b.c@d-e_f"),
    "session named like another role": Case(caller="arn:aws:sts::111122223333:assumed-role/other/billing", status=403),
    "session whose name contains an ARN": Case(
        caller=f"arn:aws:sts::111122223333:assumed-role/other/{ROLE}", status=403
    ),
    "session of a longer name": Case(caller="arn:aws:sts::111122223333:assumed-role/billing2/job-1", status=403),
    "session without a name": Case(caller="arn:aws:sts::111122223333:assumed-role/billing", status=403),
    "session of another role": Case(caller="arn:aws:sts::111122223333:assumed-role/other/job-1", status=403),
    "session of the same role name in another AWS account": Case(
        caller="arn:aws:sts::444455556666:assumed-role/billing/job-1", status=403
    ),
    "session in another partition": Case(caller="arn:aws-cn:sts::111122223333:assumed-role/billing/job-1", status=403),
    "role itself, which never signs": Case(caller=ROLE, status=403),
    "user": Case(caller=USER, granted_to=USER),
    "user with a path": Case(caller="arn:aws:iam::111122223333:user/team/ann", granted_to=USER),
    "user named like the role": Case(caller="arn:aws:iam::111122223333:user/billing", status=403),
    "role named like the user": Case(
        caller="arn:aws:sts::111122223333:assumed-role/ann/job-1", granted_to=USER, status=403
    ),
    "root": Case(caller="arn:aws:iam::111122223333:root", status=403),
    "federated user": Case(caller="arn:aws:sts::111122223333:federated-user/billing", status=403),
    "service": Case(caller="lambda.amazonaws.com", status=403),
    "no ARN": Case(caller=None, status=403),
    "empty ARN": Case(caller="", status=403),
    "line break after the ARN": Case(caller=f"{SESSION}\n", status=403),
}
# What is granted, and what is asked for.
GRANTS = {
    "all": Case(grant=ALL, integration=OTHER_SPACE),
    "all, without the integration": Case(grant=ALL, integration=MISSING, status=404),
    "all of this account, integration of the other": Case(grant=ALL, integration=THEIRS, status=404),
    "by id": Case(grant=BY_ID),
    "by id, whatever its scopings": Case(grant=BY_ID, integration=SPACE),
    "by id, another one": Case(grant=BY_ID, integration=ORGANIZATION, status=404),
    "by id, deleted since": Case(grant=BY_ID, integration=MISSING, status=404),
    "by id, in the other account": Case(grant=BY_ID, integration=THEIRS, status=404),
    "by space": Case(grant=IN_SPACE, integration=SPACE),
    "by space, account-wide": Case(grant=IN_SPACE),
    "by space, of its organization": Case(grant=IN_SPACE, integration=ORGANIZATION),
    "by space, another one": Case(grant=IN_SPACE, integration=OTHER_SPACE, status=404),
    "by organization": Case(grant=IN_ORGANIZATION, integration=ORGANIZATION),
    "by organization, account-wide": Case(grant=IN_ORGANIZATION),
    "by organization, its space": Case(grant=IN_ORGANIZATION, integration=SPACE, status=404),
    "not expired": Case(expires_in=HOUR),
    "expired": Case(expires_in=-HOUR, status=403),
    "expired, without a named account": Case(expires_in=-HOUR, account=None, status=403),
    "none": Case(granted_to=None, status=403),
    "none, without a named account": Case(granted_to=None, account=None, status=403),
    "none, missing integration": Case(granted_to=None, integration=MISSING, status=403),
    "in the other account": Case(account="umbrella", integration=THEIRS, status=403),
    "in an account that does not exist": Case(account="no-such-account", status=403),
}


def store(cloud: Cloud, *consumers: Consumer) -> DynamoDbConsumers:
    transactor = Transactor(cloud.dynamodb, cloud.table)
    repository = DynamoDbConsumers(cloud.dynamodb, cloud.table, transactor)
    for integration in INTEGRATIONS:
        DynamoDbIntegrations(cloud.dynamodb, cloud.table, transactor).insert(integration, None)
    for consumer in consumers:
        repository.insert(consumer)
    return repository


def resolve(
    cloud: Cloud, body: object = "", *, caller: str | None = SESSION, integration: str | None = None
) -> Response:
    return cloud.http("credentials", signed_event(caller, body, integration=integration))


def document(response: Response) -> dict[str, Any]:
    """Return a problem document without the id of the request."""
    assert response.headers["content-type"] == "application/problem+json"
    return {**response.body, "instance": ""}


@pytest.mark.parametrize("case", [*PRINCIPALS.values(), *GRANTS.values()], ids=[*PRINCIPALS, *GRANTS])
def test_resolve_has_the_status_that_the_grant_implies(cloud: Cloud, case: Case) -> None:
    expiry = None if case.expires_in is None else datetime.now(UTC) + case.expires_in
    granted = case.granted_to and a_consumer(principal_arn=case.granted_to, grant=case.grant, expires_at=expiry)
    store(cloud, *([granted] if granted else []))
    integration = ids.encode(case.integration)
    narrowed = {"account": case.account} if case.account else {}
    by_path = resolve(cloud, narrowed or "", caller=case.caller, integration=integration)
    by_body = resolve(cloud, {"integration": integration, **narrowed}, caller=case.caller)
    assert (by_path.status, by_body.status) == (case.status, case.status)
    assert {each.headers["cache-control"] for each in (by_path, by_body)} == {"no-store"}
    if case.status == 200:
        assert by_path.body == by_body.body
        assert by_path.body["id"] == integration
    else:
        assert document(by_path) == document(by_body)


@pytest.mark.parametrize("grant", [ALL, BY_ID, IN_SPACE], ids=["all", "by id", "by space"])
@pytest.mark.parametrize("account", ["acme", None])
def test_resolve_by_name_finds_the_integration_of_the_account_with_the_grant(
    cloud: Cloud, grant: Grant, account: str | None
) -> None:
    store(cloud, a_consumer(principal_arn=ROLE, grant=grant))
    narrowed = {"account": account} if account else {}
    found = resolve(cloud, {"integration": "production openai ", **narrowed})
    assert (found.status, found.body["id"]) == (200, ids.encode(OPEN))
    hidden, missing = (resolve(cloud, {"integration": name, **narrowed}) for name in ("other space", "No such name"))
    assert missing.status == 404
    assert hidden.status == (200 if grant == ALL else 404)
    assert grant == ALL or document(hidden) == document(missing)


def test_resolve_of_another_key_version_returns_409_by_id_and_by_name(cloud: Cloud) -> None:
    store(cloud, a_consumer(principal_arn=ROLE))
    for integration in (ids.encode(OPEN), NAME):
        assert resolve(cloud, {"integration": integration, "key_version": OPEN}).status == 409
        assert resolve(cloud, {"integration": integration}).status == 200


def test_resolve_with_grants_of_two_accounts_needs_an_account(cloud: Cloud) -> None:
    ours = a_consumer(principal_arn=ROLE)
    store(cloud, ours, ours._replace(account="umbrella"))
    ambiguous = resolve(cloud, {"integration": NAME})
    assert (ambiguous.status, ambiguous.pointers) == (400, ["/account"])
    assert "acme, umbrella" in ambiguous.body["detail"]
    found = {account: resolve(cloud, {"integration": NAME, "account": account}) for account in ("acme", "umbrella")}
    assert {account: each.body["id"] for account, each in found.items()} == {
        "acme": ids.encode(OPEN),
        "umbrella": ids.encode(THEIRS),
    }


@pytest.mark.parametrize("account", [{"account": "acme"}, {}], ids=["named", "not named"])
def test_resolve_after_a_revocation_returns_403(cloud: Cloud, account: dict[str, str]) -> None:
    consumer = a_consumer(principal_arn=ROLE)
    repository = store(cloud, consumer)
    function = cloud.function("credentials")
    event = signed_event(SESSION, {"integration": NAME, **account})
    assert Response.from_lambda(function(event)).status == 200
    repository.revoke(Revocation(consumer=consumer, revoked_at=NOON, revoked_by="alice"))
    assert Response.from_lambda(function(event)).status == 403


def test_resolve_without_a_grant_names_the_role_of_the_session_and_what_to_ask_for(cloud: Cloud) -> None:
    [error] = resolve(cloud, {"integration": NAME}).body["errors"]
    assert f"send {ROLE} to POST /v2/consumers" in error["detail"]


@pytest.mark.parametrize(
    "field",
    ["consumer", "principal", "principal_arn", "user", "userArn", "role", "space_id", "organization_id", "accounts"],
)
@pytest.mark.parametrize("integration", [ids.encode(OPEN), None], ids=["in the path", "in the body"])
def test_resolve_with_a_field_that_names_a_caller_returns_400_without_a_call_to_aws(
    cloud: Cloud, field: str, integration: str | None
) -> None:
    store(cloud, a_consumer(principal_arn=ROLE))
    cloud.calls.clear()
    body = {field: "umbrella"} | ({} if integration else {"integration": NAME})
    response = resolve(cloud, body, integration=integration)
    assert (response.status, response.pointers) == (400, [f"/{field}"])
    assert cloud.calls == []


def test_resolve_ignores_headers_and_query_parameters_that_name_a_caller(cloud: Cloud) -> None:
    store(cloud, a_consumer(principal_arn=ROLE, account="umbrella"))
    event = signed_event("arn:aws:sts::111122223333:assumed-role/other/job-1", {"integration": NAME})
    for field in ("account", "consumer", "userArn", "x-amzn-iam-principal"):
        event["headers"] |= {field: SESSION}
        event["multiValueHeaders"] |= {field: [SESSION]}
    event["queryStringParameters"] = {"account": "umbrella", "userArn": SESSION}
    event["requestContext"]["authorizer"] = {"account": "umbrella", "user": "ann", "role": "admin"}
    assert cloud.http("credentials", event).status == 403


@pytest.mark.parametrize(
    ("body", "integration", "status", "pointers"),
    [
        ("", None, 400, [""]),
        ({}, None, 400, ["/integration"]),
        ("{", None, 400, [""]),
        ({"integration": ""}, None, 422, ["/integration"]),
        ({"integration": 7}, None, 400, ["/integration"]),
        ({"integration": NAME, "account": "a/b"}, None, 422, ["/account"]),
        ({"integration": NAME, "key_version": ""}, None, 422, ["/key_version"]),
        ("[]", ids.encode(OPEN), 400, [""]),
        ({"integration": NAME}, ids.encode(OPEN), 400, ["/integration"]),
        ("", "openai", 400, [""]),
        ("", OPEN, 400, [""]),
    ],
)
def test_resolve_with_an_invalid_request_returns_a_problem_document_without_a_call_to_aws(
    cloud: Cloud, body: object, integration: str | None, status: int, pointers: list[str]
) -> None:
    response = resolve(cloud, body, integration=integration)
    assert (response.status, response.pointers, cloud.calls) == (status, pointers, [])


IDENTITIES: dict[str, Any] = {
    "no identity": None,
    "without userArn": {"sourceIp": "127.0.0.1"},
    "unknown caller": {"userArn": None, "caller": None, "user": None, "accessKey": None},
    "caller and user alone": {"caller": SESSION, "user": SESSION, "userArn": None},
    "Cognito without a role": {"cognitoIdentityId": "eu-central-1:1", "cognitoAuthenticationType": "unauthenticated"},
}


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES)
def test_resolve_without_a_verified_role_or_user_returns_403_without_a_call_to_aws(
    cloud: Cloud, identity: dict[str, Any] | None
) -> None:
    store(cloud, a_consumer(principal_arn=ROLE))
    cloud.calls.clear()
    event = signed_event(None, {"integration": NAME})
    event["requestContext"]["identity"] = identity
    response = cloud.http("credentials", event)
    assert response.status == 403
    assert cloud.calls == []


# What the ledger does beside the response.
RECORD_USE, RECORD_REFUSAL = "dynamodb:UpdateItem", ["dynamodb:Query", "dynamodb:PutItem"]
CALLS: list[tuple[str, dict[str, str], list[str]]] = [
    ("in the path", {"account": "acme"}, ["dynamodb:BatchGetItem"]),
    ("in the path", {}, ["dynamodb:Query", "dynamodb:BatchGetItem"]),
    ("by name", {"account": "acme"}, ["dynamodb:BatchGetItem", "dynamodb:GetItem"]),
    ("by name", {}, ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:GetItem"]),
]


@pytest.mark.parametrize(("how", "account", "calls"), CALLS)
def test_resolve_reads_the_grant_with_the_integration(
    cloud: Cloud, how: str, account: dict[str, str], calls: list[str]
) -> None:
    created = cloud.api(gateway_event(create_body(api_key=API_KEY))).body["id"]
    DynamoDbConsumers(cloud.dynamodb, cloud.table, Transactor(cloud.dynamodb, cloud.table)).insert(
        a_consumer(principal_arn=ROLE)
    )
    function = cloud.function("credentials")
    path = created if how == "in the path" else None
    event = signed_event(SESSION, account | ({} if path else {"integration": NAME}), integration=path)
    later = [each for each in calls if each != "dynamodb:Query"]
    for expected in ([*calls, RECORD_USE], later):
        cloud.calls.clear()
        response = Response.from_lambda(function(event))
        assert response.body["api_key"] == API_KEY
        assert cloud.calls == [*expected, "secretsmanager:GetSecretValue"]


@pytest.mark.parametrize(("body", "integration"), [({"integration": NAME}, None), ({}, ids.encode(OPEN))])
def test_resolve_without_a_grant_reads_nothing_else_for_the_response(
    cloud: Cloud, body: dict[str, str], integration: str | None
) -> None:
    store(cloud)
    cloud.calls.clear()
    assert resolve(cloud, {"account": "acme", **body}, integration=integration).status == 403
    assert cloud.calls == ["dynamodb:BatchGetItem", *RECORD_REFUSAL]


def test_resolve_for_a_space_looks_up_its_organization_only_if_it_can_make_a_difference(cloud: Cloud) -> None:
    store(cloud, a_consumer(principal_arn=ROLE, grant=IN_SPACE))
    for integration, reads in ((SPACE, 0), (OPEN, 0), (ORGANIZATION, 1)):
        cloud.calls.clear()
        assert resolve(cloud, {"account": "acme"}, integration=ids.encode(integration)).status == 200
        assert cloud.calls.count("dynamodb:GetItem") == reads


def test_resolve_of_an_integration_of_other_spaces_looks_up_no_organization(cloud: Cloud) -> None:
    store(cloud, a_consumer(principal_arn=ROLE, grant=IN_SPACE))
    cloud.calls.clear()
    assert resolve(cloud, {"account": "acme"}, integration=ids.encode(OTHER_SPACE)).status == 404
    assert cloud.calls == ["dynamodb:BatchGetItem", *RECORD_REFUSAL]


def test_resolve_logs_session_principal_account_and_integration(cloud: Cloud) -> None:
    store(cloud, a_consumer(principal_arn=ROLE))
    resolve(cloud, {"integration": NAME})
    line = next(each for each in cloud.log() if each["message"] == "credentials resolved")
    assert line["level"] == "INFO"
    assert (line["caller_arn"], line["principal"]) == (SESSION, ROLE)
    assert (line["account"], line["integration_id"]) == ("acme", OPEN)
    assert (line["method"], line["route"]) == ("POST", "/v2/credentials")


@pytest.mark.parametrize("caller", [SESSION, "arn:aws:iam::111122223333:root"])
def test_resolve_when_rejected_logs_the_caller_and_the_error(cloud: Cloud, caller: str) -> None:
    resolve(cloud, {"integration": NAME}, caller=caller)
    line = cloud.log()[-1]
    assert (line["message"], line["error"], line["caller_arn"]) == ("request rejected", "NoGrantError", caller)


@pytest.mark.parametrize(
    ("operation", "failure", "status"),
    [
        ("dynamodb:BatchGetItem", ("InternalServerError", 500), 503),
        ("dynamodb:BatchGetItem", ("ProvisionedThroughputExceededException", 400), 429),
        ("dynamodb:BatchGetItem", ("AccessDeniedException", 400), 500),
        ("dynamodb:Query", ("InternalServerError", 500), 503),
        ("secretsmanager:GetSecretValue", ("AccessDeniedException", 400), 500),
        ("secretsmanager:GetSecretValue", ("InternalServiceError", 500), 503),
    ],
)
def test_resolve_when_aws_fails_returns_a_problem_document(
    cloud: Cloud, operation: str, failure: tuple[str, int], status: int
) -> None:
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    DynamoDbConsumers(cloud.dynamodb, cloud.table, Transactor(cloud.dynamodb, cloud.table)).insert(
        a_consumer(principal_arn=ROLE)
    )
    cloud.fail(operation, failure)
    response = resolve(cloud, {"integration": NAME})
    assert (response.status, response.headers["cache-control"]) == (status, "no-store")
    assert response.pointers == []


class Team:
    """A team with an account of the registry, an admin, and a program that runs in a role of the team."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud, self.account = cloud, name
        self.role = f"arn:aws:iam::111122223333:role/{name}"
        self.session = f"arn:aws:sts::111122223333:assumed-role/{name}/job-1"
        self.key = f"sk-fake-key-of-{name}"

    def send(self, function: str, method: str, path: str, body: object = "") -> Response:
        event = gateway_event(body, caller=a_caller(account=self.account), method=method, path=path)
        return self.cloud.http(function, event)

    def register(self) -> str:
        body = create_body(name=NAME, api_key=self.key)
        return str(self.send("api", "POST", "/v2/ai-integrations", body).body["id"])

    def grant(self) -> str:
        body = {"principal_arn": self.role, "all_integrations": True}
        return str(self.send("consumers", "POST", "/v2/consumers", body).body["id"])

    def revoke(self, consumer: str) -> Response:
        return self.send("consumers", "DELETE", f"/v2/consumers/{consumer}")

    def resolve(self, body: object, integration: str | None = None) -> Response:
        return resolve(self.cloud, body, caller=self.session, integration=integration)


def test_two_teams_that_distrust_each_other_share_a_stack(cloud: Cloud) -> None:
    ours, theirs = Team(cloud, "acme"), Team(cloud, "umbrella")
    integrations = {team.account: team.register() for team in (ours, theirs)}
    # Before any grant, a program does not learn which accounts and integrations exist.
    asked = [{"integration": NAME, **account} for account in ({}, {"account": "acme"}, {"account": "nowhere"})]
    refusals = [document(theirs.resolve(body)) for body in asked]
    assert refusals == refusals[:1] * 3
    assert refusals[0]["status"] == 403

    consumers = {team.account: team.grant() for team in (ours, theirs)}
    for team in (ours, theirs):
        assert team.resolve({"integration": NAME}).body["api_key"] == team.key
        assert team.resolve("", integrations[team.account]).body["api_key"] == team.key

    # With a grant of their own, ours does not exist for them, by id or by account.
    missing = document(theirs.resolve("", ids.encode(MISSING)))
    assert document(theirs.resolve("", integrations["acme"])) == missing
    assert document(theirs.resolve({"integration": integrations["acme"]})) == missing
    assert missing["status"] == 404
    assert [document(theirs.resolve(body)) for body in asked[1:]] == refusals[1:]

    # They neither see nor revoke our grant.
    missing = document(theirs.send("consumers", "GET", f"/v2/consumers/{OPEN}"))
    assert document(theirs.send("consumers", "GET", f"/v2/consumers/{consumers['acme']}")) == missing
    assert document(theirs.revoke(consumers["acme"])) == missing
    listed = theirs.send("consumers", "GET", "/v2/consumers").body["consumers"]
    assert [each["id"] for each in listed] == [consumers["umbrella"]]

    # Revocations take effect at once, each for one team.
    assert ours.revoke(consumers["acme"]).status == 204
    assert document(ours.resolve({"integration": NAME}))["status"] == 403
    assert theirs.resolve({"integration": NAME}).body["api_key"] == theirs.key
