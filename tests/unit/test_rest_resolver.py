"""The resolver finds the same route as Powertools' own, and compiles only the patterns that it needs."""

import re

import pytest
from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.http.rest_resolver import RestResolver
from tests.builders import gateway_event
from tests.cloud import Context

RULES = ("/v2/things", "/v2/things/<thing_id>", "/v2/things/test", "/v2/things/<thing_id>/parts/<part_id>", "/v2/docs/")


def with_routes(app: APIGatewayRestResolver) -> APIGatewayRestResolver:
    for rule in RULES:
        app.get(rule)(lambda rule=rule, **parameters: {"rule": rule, **parameters})
    return app


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rules: list[str] = []
    original = APIGatewayRestResolver._compile_regex

    def compile_and_record(rule: str) -> re.Pattern[str]:
        rules.append(rule)
        pattern: re.Pattern[str] = original(rule)
        return pattern

    monkeypatch.setattr(APIGatewayRestResolver, "_compile_regex", staticmethod(compile_and_record))
    return rules


@pytest.mark.parametrize(
    "path",
    [
        "/v2/things",
        "/v2/things/",
        "/v2/things//",
        "/v2/things/test",
        "/v2/things/test/",
        "/v2/things/a%2Fb%3D",
        "/v2/things/a=b c",
        '/v2/things/"',
        "/v2/things/a/b",
        "/v2/things/a/parts/b",
        "/v2/things/a/parts/b/c",
        "/v2/docs",
        "/v2/doc",
        "/v2",
        "/",
        "/v2/thingsandmore",
        "/live/v2/things",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_resolver_finds_the_route_that_powertools_finds(method: str, path: str) -> None:
    event = gateway_event(method=method, path=path)
    answers = [with_routes(app()).resolve(event, Context()) for app in (RestResolver, APIGatewayRestResolver)]
    assert answers[0] == answers[1]


def test_resolver_compiles_only_patterns_of_routes_that_begin_like_the_path(compiled: list[str]) -> None:
    app = with_routes(RestResolver())
    assert compiled == []
    for _ in range(2):
        app.resolve(gateway_event(method="GET", path="/v2/things/a"), Context())
    assert compiled == ["/v2/things", "/v2/things/<thing_id>"]
