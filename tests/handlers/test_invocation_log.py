"""The log of each function: who acts, which AWS calls it makes, and nothing that a caller can forge or inflate."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ai_integrations.observability import LoggedError
from tests import sam_template
from tests.builders import API_KEY, an_event, an_integration, create_body, gateway_event
from tests.cloud import Cloud
from tests.handlers.test_authorizer import UNKNOWN_KEY, authorize, is_unauthorized, issue
from tests.streams import a_record

CALLER = {"account": "acme", "user": "alice", "role": "admin"}
OPERATOR_COMMANDS = {
    "access_keys": {"action": "list", "account": "acme", "user": "bob"},  # `user` is not a member of it
    "credentials": {"integration": "unknown", "account": "acme", "consumer": "billing-job"},
    "spaces": {"action": "remove_organization", "account": "acme"},  # no such action
}


def end(cloud: Cloud) -> dict[str, Any]:
    return cloud.ended_invocations()[-1]


def of_caller(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line.get(name) for name in CALLER}


def crash(cloud: Cloud) -> None:
    cloud.fail("dynamodb:TransactWriteItems", RuntimeError(API_KEY))


def nothing(_cloud: Cloud) -> None:
    pass


@pytest.mark.parametrize("function", ["api", "audit", "consumers", "test_connection"])
@pytest.mark.parametrize(
    ("prepare", "changes"),
    [
        pytest.param(nothing, {}, id="success"),
        pytest.param(nothing, {"body": "not JSON"}, id="rejection"),
        pytest.param(nothing, {"httpMethod": "PUT"}, id="unknown method"),
        pytest.param(nothing, {"path": "/v2/other", "resource": "/v2/other"}, id="unknown path"),
        pytest.param(crash, {}, id="crash"),
    ],
)
def test_every_line_of_a_request_names_the_caller_and_the_request(
    cloud: Cloud, function: str, prepare: Callable[[Cloud], None], changes: dict[str, Any]
) -> None:
    prepare(cloud)
    event = gateway_event() | changes
    response = cloud.http(function, event)
    lines = [*cloud.log(), end(cloud)]
    assert all(of_caller(line) == CALLER for line in lines)
    assert {line["request_id"] for line in lines} == {event["requestContext"]["requestId"]}
    assert (end(cloud)["method"], end(cloud)["route"]) == (event["httpMethod"], event["resource"])
    assert end(cloud)["status"] == response.status


def test_request_without_a_caller_does_not_log_the_one_before(cloud: Cloud) -> None:
    api = cloud.function("api")
    api(gateway_event())
    event = gateway_event(method="GET", path="/v2/openapi.json") | {"resource": "/v2/openapi.json"}
    del event["requestContext"]["authorizer"]
    api(event)
    assert of_caller(end(cloud)) == dict.fromkeys(CALLER)


@pytest.mark.parametrize("function", OPERATOR_COMMANDS)
def test_direct_invocation_logs_the_identities_in_the_request_even_if_it_is_rejected(
    cloud: Cloud, function: str
) -> None:
    command = OPERATOR_COMMANDS[function]
    assert "problem" in cloud.function(function)(command)
    for line in (cloud.log()[-1], end(cloud)):
        assert {name: line.get(name) for name in command if name != "integration"} == {
            name: value for name, value in command.items() if name != "integration"
        }


def test_provision_logs_the_sender_of_each_request_and_never_that_of_another(cloud: Cloud) -> None:
    detail = {"request_id": "order-1", "account": "acme", "user": "platform", "integration": create_body()}
    sent = {"id": "1", "source": "billing", "account": "123456789012", "detail-type": "Unknown", "detail": detail}
    bodies = [json.dumps(sent), "not JSON", json.dumps([]), json.dumps({"detail": {"account": 7}})]
    cloud.function("provision")(
        {
            "Records": [
                {
                    "messageId": f"m-{number}",
                    "receiptHandle": "r",
                    "body": body,
                    "attributes": {"ApproximateReceiveCount": "1"},
                }
                for number, body in enumerate(bodies)
            ]
        }
    )
    lines = {line["message_id"]: line for line in cloud.log() if line["message"] == "request failed"}
    sender = {
        "account": "acme",
        "user": "platform",
        "request_id": "order-1",
        "aws_account": "123456789012",
        "source": "billing",
    }
    assert {name: lines["m-0"][name] for name in sender} == sender
    assert not [name for name in sender for number in (1, 2, 3) if name in lines[f"m-{number}"]]


def test_publish_changes_logs_the_item_of_each_record(cloud: Cloud) -> None:
    first, second = a_record(None, an_integration(id="1")), a_record(None, an_integration(account="other", id="2"))
    cloud.fail("events:PutEvents", ("InternalFailure", 500))
    function = cloud.function("publish_changes")
    function({"Records": [first]})
    function({"Records": [second]})
    lines = [line for line in cloud.log() if line["message"] == "change not published"]
    assert [(line["pk"], line["sk"]) for line in lines] == [
        ("ACCOUNT#acme", "INTEGRATION#1"),
        ("ACCOUNT#other", "INTEGRATION#2"),
    ]


@pytest.mark.parametrize("function", ["verify_key", "exchange_token"])
def test_invoked_function_logs_the_account_of_the_integration(cloud: Cloud, function: str) -> None:
    cloud.respond("sts:GetWebIdentityToken", {"WebIdentityToken": "fake-identity-token"})
    event = an_event(f"{function}_private_host")
    cloud.function(function)(event)
    integration = event["integration"]
    for line in [*cloud.log(), end(cloud)]:
        assert (line["account"], line["integration_id"]) == (integration["account"], integration["id"])


def test_authorizer_logs_the_holder_of_an_accepted_key(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    key = issue(cloud)["access_key"]
    authorize(cloud, f"Bearer {key}")
    output = capfd.readouterr().out
    line = json.loads(output)
    assert of_caller(line) == CALLER
    assert (line["level"], line["function_request_id"]) == ("INFO", "lambda-request-id")
    assert [each["operation"] for each in line["aws_calls"]] == ["GetItem"]
    assert key not in output


def test_authorizer_logs_no_holder_of_a_rejected_key(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    assert is_unauthorized(cloud, f"Bearer {UNKNOWN_KEY}")
    output = capfd.readouterr().out
    assert (json.loads(output)["message"], json.loads(output)["aws_call_count"]) == ("invocation ended", 1)
    assert not CALLER.keys() & json.loads(output).keys()
    assert UNKNOWN_KEY not in output


def test_authorizer_that_fails_logs_the_failed_call(cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    cloud.fail("dynamodb:GetItem", ("InternalServerError", 500), message="Rejected")
    with pytest.raises(Exception, match="InternalServerError"):
        authorize(cloud, f"Bearer {UNKNOWN_KEY}")
    [call] = json.loads(capfd.readouterr().out)["aws_calls"]
    assert call["outcome"] == "InternalServerError"


@pytest.mark.parametrize("level", ["WARNING", "ERROR"])
def test_authorizer_respects_the_log_level(cloud: Cloud, capfd: pytest.CaptureFixture[str], level: str) -> None:
    cloud.variables["POWERTOOLS_LOG_LEVEL"] = level
    assert is_unauthorized(cloud, f"Bearer {UNKNOWN_KEY}")
    assert capfd.readouterr().out == ""


def test_values_of_a_caller_cannot_forge_or_inflate_a_line(cloud: Cloud) -> None:
    event = gateway_event(create_body(name=""))
    forged = '\n{"message": "integration created"}\r\u2028\ud800'
    event["requestContext"]["authorizer"] |= {"user": forged + "x" * 100_000, "account": {"nested": "y" * 100_000}}
    cloud.api(event)
    written = cloud.written.getvalue()
    assert written.isascii()
    assert len(written.splitlines()) == len(cloud.log()) + len(cloud.ended_invocations()) == 2
    assert all(len(line) < 10_000 for line in written.splitlines())
    assert all(line["user"].startswith(forged) for line in cloud.log())


def test_request_lists_its_calls_to_aws_with_duration_attempts_and_outcome(cloud: Cloud) -> None:
    cloud.fail("secretsmanager:CreateSecret", ("ThrottlingException", 400))
    cloud.api(gateway_event(create_body(api_key=API_KEY)))
    line = end(cloud)
    assert line["aws_call_count"] == 2
    calls = {(each["service"], each["operation"]): each for each in line["aws_calls"]}
    assert calls["dynamodb", "BatchGetItem"]["outcome"] == "ok"
    assert calls["secretsmanager", "CreateSecret"]["outcome"] == "ThrottlingException"
    assert all(each["attempts"] >= 1 and each["ms"] >= 0 for each in line["aws_calls"])
    assert line["aws_ms"] == sum(each["ms"] for each in line["aws_calls"]) <= line["ms"] + len(calls)
    assert all(each.keys() == {"service", "operation", "ms", "attempts", "outcome"} for each in line["aws_calls"])


def test_request_does_not_list_the_calls_of_the_one_before(cloud: Cloud) -> None:
    api = cloud.function("api")
    api(gateway_event())
    api(gateway_event("not JSON"))
    assert [each["aws_call_count"] for each in cloud.ended_invocations()] == [1, 0]


@pytest.mark.parametrize("function", sorted(sam_template.functions().keys() - {"authorizer"}))
def test_every_function_ends_an_invocation_with_its_line_even_if_it_crashes(cloud: Cloud, function: str) -> None:
    with pytest.raises((KeyError, TypeError, LoggedError)):
        cloud.function(function)({"no event of any kind": object()})
    [line] = cloud.ended_invocations()
    assert line["function_request_id"] == "lambda-request-id"
