"""API Gateway: its routes are those of the functions, and its own responses are problem documents of the contract."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest

from ai_integrations.contracts import problems
from ai_integrations.http import console, docs
from ai_integrations.http.app import UseCases, build_app
from ai_integrations.http.audit import build_audit_app
from ai_integrations.http.connection_tests import build_connection_test_app
from ai_integrations.http.console import build_console_app
from ai_integrations.http.consumers import build_consumer_app
from ai_integrations.http.credentials import build_credentials_app
from ai_integrations.http.resolver import RESPONSE_HEADERS
from tests import sam_template
from tests.builders import ROOT
from tests.sam_template import processed
from tests.template.test_parameters import holds

API: dict[str, Any] = sam_template.template()["Resources"]["Api"]["Properties"]
RESPONSES: dict[str, Any] = API["GatewayResponses"]
SETTINGS = {(each["ResourcePath"], each["HttpMethod"]): each for each in API["MethodSettings"]}
KINDS = {
    (each.status, each.fragment, each.title): each
    for each in vars(problems).values()
    if isinstance(each, problems.Kind)
}
TOO_LARGE = 413  # only API Gateway returns it; its type and title are those of 400


def route_events() -> list[dict[str, Any]]:
    events = [each for function in sam_template.functions().values() for each in function.get("Events", {}).values()]
    return [each["Properties"] for each in events if each["Type"] == "Api"]


def declared_routes() -> list[tuple[str, str]]:
    return [(each["Method"], each["Path"]) for each in route_events()]


def resolved_routes() -> Iterator[tuple[str, str]]:
    nothing = cast("Any", None)
    use_cases = UseCases(**dict.fromkeys(UseCases._fields, nothing))
    api = build_app(use_cases, docs_page=True)
    apps = (
        api,
        build_connection_test_app(nothing),
        build_console_app(page=True),
        build_consumer_app(nothing),
        build_audit_app(nothing, nothing, nothing),
        build_credentials_app(nothing),
    )
    for route in (route for app in apps for route in app._static_routes + app._dynamic_routes):
        for method in [route.method] if isinstance(route.method, str) else route.method:
            yield method, re.sub(r"<(\w+)>", r"{\1}", route.path)


def documented_routes() -> list[tuple[str, str]]:
    paths = json.loads((ROOT / "layers/shared/ai_integrations/http/openapi.json").read_text())["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def test_template_code_and_openapi_document_have_the_same_routes() -> None:
    declared_methods = sorted(route for route in declared_routes() if route[0] != "ANY")
    assert declared_methods == sorted(resolved_routes()) == sorted(documented_routes())
    assert all("proxy+" not in path for _, path in declared_routes())


def test_each_path_has_an_any_event_so_that_other_methods_return_405() -> None:
    paths = {path for method, path in declared_routes()}
    assert {path for method, path in declared_routes() if method == "ANY"} == paths


def document(name: str) -> dict[str, Any]:
    templates = RESPONSES[name]["ResponseTemplates"]
    assert list(templates) == ["application/json"]
    written: dict[str, Any] = json.loads(templates["application/json"])
    return written


@pytest.mark.parametrize("name", RESPONSES)
def test_gateway_response_is_a_problem_document_of_the_contract(name: str) -> None:
    written = document(name)
    headers = RESPONSES[name]["ResponseParameters"]["Headers"]
    assert headers["Content-Type"] == f"'{problems.CONTENT_TYPE}'"
    assert written.keys() == {"type", "title", "status", "detail", "instance"}
    assert written["instance"] == "$context.requestId"
    assert written["status"] == RESPONSES[name]["StatusCode"]
    status = 400 if written["status"] == TOO_LARGE else written["status"]
    kind = KINDS[status, written["type"].removeprefix(problems.TYPE_PREFIX), written["title"]]
    assert {header: f"'{value}'" for header, value in kind.headers.items()}.items() <= headers.items()


@pytest.mark.parametrize("name", RESPONSES)
def test_gateway_response_has_the_headers_of_every_response(name: str) -> None:
    headers = RESPONSES[name]["ResponseParameters"]["Headers"]
    assert {header: f"'{value}'" for header, value in RESPONSE_HEADERS.items()}.items() <= headers.items()
    assert headers.keys() <= {*RESPONSE_HEADERS, "Content-Type", "Retry-After", "WWW-Authenticate"}


STATUSES = {
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "EXPIRED_TOKEN": 403,
    "INVALID_SIGNATURE": 403,
    "WAF_FILTERED": 403,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "RESOURCE_NOT_FOUND": 404,
    "REQUEST_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "THROTTLED": 429,
    "QUOTA_EXCEEDED": 429,
    "AUTHORIZER_FAILURE": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
}


def test_each_kind_of_gateway_response_has_the_status_of_the_contract() -> None:
    assert {name: each["StatusCode"] for name, each in RESPONSES.items()} == STATUSES


@pytest.mark.parametrize("name", RESPONSES)
def test_gateway_response_repeats_only_the_request_id(name: str) -> None:
    assert re.findall(r"\$\w[\w.]*", json.dumps(document(name))) == ["$context.requestId"]


def test_unauthorized_response_names_the_authentication_scheme() -> None:
    assert RESPONSES["UNAUTHORIZED"]["ResponseParameters"]["Headers"]["WWW-Authenticate"] == "'Bearer'"


def gateway_methods() -> dict[tuple[str, str], dict[str, Any]]:
    """Find what API Gateway is configured with, by method and path."""
    paths = processed()["Api"]["Properties"]["Body"]["paths"]
    return {
        (method.upper().removeprefix("X-AMAZON-APIGATEWAY-").replace("-METHOD", ""), path): each
        for path, methods in paths.items()
        for method, each in methods.items()
    }


def test_gateway_serves_no_methods_but_those_of_the_functions() -> None:
    """With Cors, SAM adds a method OPTIONS to each path, without authentication."""
    assert sorted(gateway_methods()) == sorted(declared_routes())


SIGNED = {("POST", "/v2/ai-integrations/{integration_id}/credentials"), ("POST", "/v2/credentials")}


def test_only_the_routes_for_credentials_require_a_signature_and_the_pages_nothing() -> None:
    """API Gateway evaluates a security scheme of this type as the method's AuthorizationType, here AWS_IAM."""
    body = processed()["Api"]["Properties"]["Body"]
    required = {route: list(each["security"][0]) for route, each in gateway_methods().items()}
    assert all(len(each["security"]) == 1 for each in gateway_methods().values())
    assert {route for route, scheme in required.items() if scheme == ["AWS_IAM"]} == SIGNED
    pages = {docs.DOCUMENT, docs.PAGE, console.PAGE, console.FILE.replace("<file>", "{file}")}
    public = {(method, page) for method in ("GET", "ANY") for page in pages}
    assert {route for route, scheme in required.items() if scheme == ["NONE"]} == public
    others = {route: scheme for route, scheme in required.items() if scheme not in (["AWS_IAM"], ["NONE"])}
    assert set(map(tuple, others.values())) == {(API["Auth"]["DefaultAuthorizer"],)}
    assert body["components"]["securitySchemes"]["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"


@pytest.mark.parametrize("route", sorted(SIGNED))
def test_signed_request_does_not_invoke_the_function_as_its_sender(route: tuple[str, str]) -> None:
    """With `credentials`, API Gateway would require lambda:InvokeFunction of the consumer, which allows every key."""
    integration = gateway_methods()[route]["x-amazon-apigateway-integration"]
    assert integration["type"] == "aws_proxy"
    assert "credentials" not in integration


@pytest.mark.parametrize("name", ["INVALID_SIGNATURE", "EXPIRED_TOKEN"])
def test_rejected_signature_is_answered_with_what_to_check(name: str) -> None:
    assert RESPONSES[name]["StatusCode"] == 403
    assert "clock" in document(name)["detail"]


def test_access_key_is_read_from_the_authorization_header() -> None:
    [authorizer] = API["Auth"]["Authorizers"].values()
    assert authorizer["Identity"]["Header"] == "Authorization"


def test_api_is_regional_and_traced_and_has_the_name_that_alarms_watch() -> None:
    assert API["EndpointConfiguration"] == {"Type": "REGIONAL"}
    assert API["TracingEnabled"] is True
    assert (API["Name"], API["StageName"]) == ({"Ref": "AWS::StackName"}, "live")


def test_revoked_access_key_is_rejected_within_a_minute() -> None:
    """API Gateway caches a result for 45 s, and the authorizer may have read the key up to 10 s earlier."""
    [authorizer] = API["Auth"]["Authorizers"].values()
    assert authorizer["Identity"]["ReauthorizeEvery"] == 45
    assert 45 + sam_template.functions()["authorizer"]["Timeout"] < 60


@pytest.mark.parametrize("token", ["Bearer aik_" + "a" * 43, "bearer  aik_" + "-" * 43, "BEARER aik_" + "_" * 43])
def test_well_formed_token_reaches_the_authorizer(token: str) -> None:
    [authorizer] = API["Auth"]["Authorizers"].values()
    assert re.search(authorizer["Identity"]["ValidationExpression"], token)


@pytest.mark.parametrize(
    "token", ["", "aik_" + "a" * 43, "Basic aik_" + "a" * 43, "Bearer aik_" + "a" * 44, "Bearer x"]
)
def test_malformed_token_is_rejected_without_invoking_the_authorizer(token: str) -> None:
    [authorizer] = API["Auth"]["Authorizers"].values()
    assert not re.search(authorizer["Identity"]["ValidationExpression"], token)


@pytest.mark.parametrize("route", SETTINGS)
def test_every_route_is_throttled_and_no_body_is_logged(route: tuple[str, str]) -> None:
    assert SETTINGS[route]["DataTraceEnabled"] is False
    assert SETTINGS[route]["MetricsEnabled"] is True
    assert SETTINGS[route]["ThrottlingRateLimit"]
    assert SETTINGS[route]["ThrottlingBurstLimit"]


def throttled_routes() -> dict[tuple[str, str], tuple[object, object]]:
    """Return rate and burst of each route with settings of its own. In a ResourcePath, ~1 stands for a slash."""
    return {
        (path.replace("~1", "/").replace("//", "/"), method): (
            each["ThrottlingRateLimit"],
            each["ThrottlingBurstLimit"],
        )
        for (path, method), each in SETTINGS.items()
        if path != "/*"
    }


ONE = "/v2/ai-integrations/{integration_id}"
STORING = {("/v2/ai-integrations", "POST"), (ONE, "PATCH"), (f"{ONE}/key-rotations", "POST")}


def test_routes_that_change_secrets_connect_out_or_resolve_have_limits_of_their_own() -> None:
    connecting = ("/v2/ai-integrations/test", f"{ONE}/test", f"{ONE}/key-rotations")
    limits: dict[tuple[str, str], tuple[object, object]] = {
        ("/v2/ai-integrations", "POST"): (25, 50),
        (f"{ONE}/restore", "POST"): (25, 50),
        (ONE, "PATCH"): (20, 40),
    }
    limits |= {(path, "POST"): (5, 10) for path in connecting}
    limits |= {(path, method): ({"Ref": "ResolveRate"}, {"Ref": "ResolveBurst"}) for method, path in SIGNED}
    assert throttled_routes() == limits
    assert limits.keys() <= {(each["Path"], each["Method"]) for each in route_events()}


def test_all_accounts_together_store_no_more_keys_per_second_than_secrets_manager_accepts() -> None:
    """Otherwise one account could use up the quota of 50, and the requests of the others would fail."""
    assert sum(int(str(throttled_routes()[route][0])) for route in STORING) <= 50


def test_every_route_of_a_function_that_connects_out_is_throttled_like_a_connection_test() -> None:
    events = sam_template.functions()["test_connection"]["Events"].values()
    routes = [(each["Properties"]["Path"], each["Properties"]["Method"]) for each in events]
    assert {throttled_routes()[route] for route in routes if route[1] != "ANY"} == {(5, 10)}


@pytest.mark.parametrize("domain", ["", "integrations.example.com"])
def test_default_address_is_disabled_if_there_is_a_custom_domain(domain: str) -> None:
    [server] = processed()["Api"]["Properties"]["Body"]["servers"]
    condition, then, otherwise = server["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"][
        "Fn::If"
    ]
    parameters = {"DomainName": domain}
    assert (then if holds({"Condition": condition}, parameters) else otherwise) is bool(domain)


def test_default_address_and_custom_domain_require_tls_1_2() -> None:
    """The name of a policy contains the oldest version of TLS that it accepts."""
    resources = processed()
    for endpoint in (resources["Api"]["Properties"], resources["Domain"]["Properties"]):
        assert endpoint["SecurityPolicy"].startswith("SecurityPolicy_TLS13_1_2_")
        assert endpoint["EndpointAccessMode"] == "BASIC"


def test_api_is_deployed_again_when_only_a_parameter_changes() -> None:
    """API Gateway applies DisableExecuteApiEndpoint with the next deployment of the API only."""
    [api] = sam_template.resources("AWS::Serverless::Api").values()
    assert api["Properties"]["AlwaysDeploy"] is True
