"""docs/examples/event-source.yaml binds a source of events to one role."""

from typing import Any

import pytest
from tools.local.template import load

from tests.builders import ROOT
from tests.iam.evaluator import Request, allowing_statements

BUS = "arn:aws:events:eu-central-1:123456789012:event-bus/ai-integrations"
PLATFORM, OTHER = (f"arn:aws:iam::123456789012:role/{name}" for name in ("platform", "other"))
PARAMETERS = {"Source": "my-platform", "PlatformRoleArn": PLATFORM, "EventBusName": "ai-integrations"}
PSEUDO_PARAMETERS = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "my-platform-source",
}
ADMINISTRATOR = {"Sid": "Administer", "Effect": "Allow", "Action": "*", "Resource": "*"}


def resolved(value: Any) -> Any:
    values = PARAMETERS | PSEUDO_PARAMETERS
    match value:
        case {"Ref": name}:
            return values[name]
        case {"Fn::Sub": text}:
            for name, each in values.items():
                text = text.replace(f"${{{name}}}", each)
            return text
        case dict():
            return {name: resolved(part) for name, part in value.items()}
        case list():
            return [resolved(part) for part in value]
    return value


RESOURCES = load(ROOT / "docs/examples/event-source.yaml")["Resources"]
[OF_PLATFORM] = resolved(RESOURCES["PutEventsPolicy"]["Properties"]["PolicyDocument"]["Statement"])
OF_BUS = resolved(RESOURCES["DenyForgedEvents"]["Properties"]["Statement"])


@pytest.mark.parametrize(
    ("principal", "sources", "expected"),
    [
        pytest.param(PLATFORM, ["my-platform"], True, id="platform, its source"),
        pytest.param(PLATFORM, ["billing"], False, id="platform, another source"),
        pytest.param(PLATFORM, ["my-platform", "billing"], False, id="platform, another source in the same request"),
        pytest.param(PLATFORM, [], False, id="platform, no source"),
        pytest.param(OTHER, ["my-platform"], False, id="administrator, source of the platform"),
        pytest.param(OTHER, ["billing", "my-platform"], False, id="administrator, source of the platform among others"),
        pytest.param(OTHER, ["billing"], True, id="administrator, another source"),
    ],
)
def test_source_can_be_sent_only_by_the_role_and_the_role_sends_no_other(
    principal: str, sources: list[str], expected: bool
) -> None:
    of_principal = OF_PLATFORM if principal == PLATFORM else ADMINISTRATOR
    context = {"events:source": frozenset(sources), "aws:PrincipalArn": frozenset({principal})}
    request = Request(action="events:PutEvents", resource=BUS, principal=principal, context=context)
    assert bool(allowing_statements([of_principal, OF_BUS], request)) is expected


def test_platform_may_use_no_other_bus() -> None:
    context = {"events:source": frozenset({"my-platform"}), "aws:PrincipalArn": frozenset({PLATFORM})}
    request = Request(action="events:PutEvents", resource=f"{BUS}-2", principal=PLATFORM, context=context)
    assert allowing_statements([OF_PLATFORM, OF_BUS], request) == []


def test_example_adds_a_statement_and_does_not_replace_the_policy_of_the_bus() -> None:
    properties = resolved(RESOURCES["DenyForgedEvents"]["Properties"])
    assert properties.keys() == {"EventBusName", "StatementId", "Statement"}
    assert properties["StatementId"] == PSEUDO_PARAMETERS["AWS::StackName"]
