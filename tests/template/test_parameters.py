"""What the parameters of a deployment do, seen in what SAM and CloudFormation make of the template with them."""

import re
from copy import deepcopy
from typing import Any

import pytest
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

from tests import sam_template

PARAMETERS: dict[str, Any] = sam_template.template()["Parameters"]
RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
WAITED_FOR = [
    each
    for each in sam_template.resources("AWS::Serverless::Function").values()
    if "AutoPublishAlias" in each["Properties"]
]


class NoManagedPolicies:
    """What SAM asks AWS for where a template names ready-made policies, as this one does not."""

    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


def processed(shared_code: str = "1", **parameters: str) -> dict[str, Any]:
    """Return the resources after SAM, as `sam deploy` of uploaded packages would make them."""
    template = deepcopy(sam_template.template())
    for name, resource in template["Resources"].items():
        for part in ("CodeUri", "ContentUri"):
            if part in resource.get("Properties", {}):
                resource["Properties"][part] = f"s3://bucket/{shared_code if name == 'SharedLayer' else 'code'}"
    made: dict[str, Any] = transform(template, parameters, NoManagedPolicies())["Resources"]
    return made


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each for name, each in resources.items() if each["Type"] == kind}


def versions(**changes: str) -> set[str]:
    return set(of_type(processed(**changes), "AWS::Lambda::Version"))


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("ThrottlingRate", 200),
        ("ThrottlingBurst", 400),
        ("AccessLogs", "off"),
        ("WebAclArn", ""),
        ("DomainName", ""),
        ("CertificateArn", ""),
        ("HostedZoneId", ""),
        ("SnapStart", "None"),
        ("GradualDeployment", "AllAtOnce"),
        ("Release", ""),
    ],
)
def test_asks_nothing_of_an_account_by_default(name: str, default: object) -> None:
    assert PARAMETERS[name]["Default"] == default


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("WebAclArn", "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/front/a1", "front"),
        ("CertificateArn", "arn:aws:acm:eu-central-1:123456789012:certificate/a1", "a1"),
        ("HostedZoneId", "Z0123456789ABCDEFGHIJ", "example.com"),
        ("Release", "4fa54f9", "v1.0"),
    ],
)
def test_refuses_what_can_not_be_meant(name: str, good: str, bad: str) -> None:
    pattern = PARAMETERS[name]["AllowedPattern"]
    assert re.search(pattern, good)
    assert re.search(pattern, "")
    assert not re.search(pattern, bad)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("WebAclAssociation", "HasWebAcl"),
        ("Domain", "HasDomain"),
        ("DomainMapping", "HasDomain"),
        ("DomainRecord", "HasHostedZone"),
        ("LoggingRole", "SetsLoggingRole"),
        ("LoggingAccount", "SetsLoggingRole"),
        ("CallsLogGroup", "HasAccessLogs"),
    ],
)
def test_makes_only_what_was_asked_for(name: str, condition: str) -> None:
    assert RESOURCES[name]["Condition"] == condition
    assert condition in sam_template.template()["Conditions"]


def test_leaves_other_apis_their_logs_when_the_stack_is_deleted() -> None:
    assert {RESOURCES[name]["DeletionPolicy"] for name in ("LoggingRole", "LoggingAccount")} == {"Retain"}


def test_logs_nothing_of_a_call_that_could_hold_a_key() -> None:
    setting = RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Fn::If"]
    assert setting[0] == "HasAccessLogs"
    read = set(re.findall(r"\$context\.(\w+)", setting[1]["Format"]))
    assert not re.search(r"header|query|body|\$input|context\.path", setting[1]["Format"].lower())
    assert {"requestId", "status", "authorizer", "responseLatency"} <= read


def test_sends_callers_to_published_versions_of_the_functions_that_they_wait_for() -> None:
    assert {each["Properties"]["CodeUri"].removeprefix("functions/") for each in WAITED_FOR} >= set(
        sam_template.synchronous_functions()
    )
    for each in WAITED_FOR:
        assert each["Properties"]["AutoPublishAlias"] == "live"
        assert each["Properties"]["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}


def test_starts_the_authorizer_by_its_alias_and_only_once_that_exists() -> None:
    made = processed()
    [authorizer] = RESOURCES["Api"]["Properties"]["Auth"]["Authorizers"].values()
    assert authorizer["FunctionArn"] == {"Fn::Sub": "${AuthorizerFunction.Arn}:live"}
    alias = made["Api"]["DependsOn"]
    assert made[alias]["Properties"]["Name"] == "live"
    assert made[alias]["Properties"]["FunctionName"] == {"Ref": "AuthorizerFunction"}


def test_publishes_versions_for_changed_code_of_the_layers_and_for_a_named_release() -> None:
    first = versions()
    assert len(first) == len(WAITED_FOR)
    assert versions() == first
    assert not first & versions(shared_code="2")
    assert not first & versions(Release="abc")
    assert not versions(Release="abc") & versions(Release="abd")


def test_leaves_code_deploy_out_unless_deployments_are_gradual() -> None:
    assert not [each for each in processed().values() if each["Type"].startswith("AWS::CodeDeploy")]


@pytest.mark.parametrize(
    "kind", [each for each in PARAMETERS["GradualDeployment"]["AllowedValues"] if each != "AllAtOnce"]
)
def test_moves_callers_gradually_and_back_when_the_api_fails(kind: str) -> None:
    groups = of_type(processed(GradualDeployment=kind), "AWS::CodeDeploy::DeploymentGroup").values()
    assert len(groups) == len(WAITED_FOR)
    for each in groups:
        assert each["Properties"]["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": kind}
        assert each["Properties"]["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": "ServerErrorsAlarm"}}]
        assert each["Properties"]["AutoRollbackConfiguration"]["Enabled"]


def test_lets_parameters_say_what_all_routes_together_get() -> None:
    [everything] = [each for each in RESOURCES["Api"]["Properties"]["MethodSettings"] if each["ResourcePath"] == "/*"]
    assert everything["ThrottlingRateLimit"] == {"Ref": "ThrottlingRate"}
    assert everything["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurst"}


def test_builds_layers_that_suit_every_architecture() -> None:
    for layer in sam_template.template()["Globals"]["Function"]["Layers"]:
        each = RESOURCES[layer["Ref"]]
        assert each["Metadata"] == {"BuildMethod": "makefile"}
        assert each["Properties"]["CompatibleArchitectures"] == PARAMETERS["Architecture"]["AllowedValues"]
        assert each["Properties"]["PublishLambdaVersion"] is True


@pytest.mark.parametrize("function", sam_template.functions())
def test_reaches_nothing_but_aws_when_deployed(function: str) -> None:
    assert sam_template.environment(function)["AWS_ENDPOINT_URL"] == ""
