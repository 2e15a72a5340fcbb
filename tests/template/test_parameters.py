"""Parameters: what they change in the template that SAM and CloudFormation process."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from ai_integrations.http import key_facts
from tests import sam_template
from tests.builders import ROOT
from tests.sam_template import of_type, processed

PARAMETERS: dict[str, Any] = sam_template.template()["Parameters"]
CONDITIONS: dict[str, Any] = sam_template.template()["Conditions"]
RESOURCES: dict[str, Any] = sam_template.template()["Resources"]
TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"
ISSUER = "https://0a1b2c3d.tokens.sts.global.api.aws"
RULES: dict[str, Any] = sam_template.template()["Rules"]
# The rows of the table of parameters in docs/deploy.md: default and allowed values.
ROW = re.compile(r"^\| `([A-Z]\w+)` \| (.+?) \| (.+?) \| .+ \|$", re.MULTILINE)
ROWS = {name: columns for name, *columns in ROW.findall((ROOT / "docs" / "deploy.md").read_text())}
# All that CloudWatch Logs accepts (API reference, PutRetentionPolicy). The document names the shortest and the longest.
RETENTION_DAYS = [
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180),
    *(365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
]
# These allow any text, or what their pattern matches.
DESCRIBED_IN_WORDS = {"DomainName", "CertificateArn", "HostedZoneId", "WebAclArn", "AlarmTopicArn", "Release"}
DESCRIBED_IN_WORDS |= {"ConsumerRoles", "AllowedPrivateHosts", "FederationIssuer", "FederationAudiences"}
INTERFACE: dict[str, Any] = sam_template.template()["Metadata"]["AWS::CloudFormation::Interface"]
PUBLISHED = [
    each
    for each in sam_template.resources("AWS::Serverless::Function").values()
    if "AutoPublishAlias" in each["Properties"]
]


def holds(condition: Any, parameters: dict[str, str]) -> bool:
    """Evaluate a condition as CloudFormation does; a parameter without a value has its default."""
    match condition:
        case {"Condition": name}:
            return holds(CONDITIONS[name], parameters)
        case {"Fn::Not": [operand]}:
            return not holds(operand, parameters)
        case {"Fn::And": operands}:
            return all(holds(each, parameters) for each in operands)
        case {"Fn::Equals": [one, other]}:
            return _text(one, parameters) == _text(other, parameters)
    raise NotImplementedError(condition)


def _text(expression: Any, parameters: dict[str, str]) -> str:
    match expression:
        case {"Ref": name}:
            return parameters.get(name, str(PARAMETERS[name]["Default"]))
        case {"Fn::Join": [separator, items]}:
            return _text(items, parameters).replace(",", separator)
    return str(expression)


def is_accepted(**parameters: str) -> bool:
    """Evaluate the template's rules, as CloudFormation does before it creates or updates a stack."""
    return all(
        holds(assertion["Assert"], parameters)
        for rule in RULES.values()
        if holds(rule["RuleCondition"], parameters)
        for assertion in rule["Assertions"]
    )


def optional_resources(**parameters: str) -> set[str]:
    """Return the conditional resources that a deployment with these parameters creates."""
    conditions = {name for name, each in CONDITIONS.items() if holds(each, parameters)}
    return {name for name, each in RESOURCES.items() if each.get("Condition") in conditions}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_has_a_description_and_a_default(name: str) -> None:
    assert PARAMETERS[name]["Description"].endswith(".")
    assert "Default" in PARAMETERS[name]


def test_document_lists_every_parameter() -> None:
    assert ROWS.keys() == PARAMETERS.keys()


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_has_the_documented_default(name: str) -> None:
    default = PARAMETERS[name]["Default"]
    assert ROWS[name][0] == ("empty" if default == "" else f"`{default}`")


def allowed(name: str) -> str:
    """Describe the values that a parameter allows, as the document does."""
    match PARAMETERS[name]:
        case {"AllowedValues": values} if values == RETENTION_DAYS:
            return f"retention periods of CloudWatch Logs, {values[0]} to {values[-1]}"
        case {"AllowedValues": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"MinValue": least, "MaxValue": most}:
            return f"{least} to {most}"
        case {"MinValue": least}:
            return f"{least} or more"
    return "any text"


@pytest.mark.parametrize("name", sorted(PARAMETERS.keys() - DESCRIBED_IN_WORDS))
def test_parameter_allows_the_documented_values(name: str) -> None:
    assert ROWS[name][1] == allowed(name)


def test_each_parameter_is_in_one_group_and_has_a_label() -> None:
    grouped = Counter(name for group in INTERFACE["ParameterGroups"] for name in group["Parameters"])
    assert grouped == Counter(PARAMETERS.keys())
    assert INTERFACE["ParameterLabels"].keys() == PARAMETERS.keys()
    assert all(group["Label"]["default"] for group in INTERFACE["ParameterGroups"])
    assert all(label["default"] for label in INTERFACE["ParameterLabels"].values())


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("WebAclArn", "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/front/a1", "front"),
        ("CertificateArn", "arn:aws:acm:eu-central-1:123456789012:certificate/a1", "a1"),
        ("HostedZoneId", "Z0123456789ABCDEFGHIJ", "example.com"),
        ("AlarmTopicArn", TOPIC, "on-call"),
        ("Release", "4fa54f9", "v1.0"),
        ("AllowedPrivateHosts", "Gateway_1.corp", "https://gateway.corp"),
        ("AllowedPrivateHosts", "gateway.corp:8443", "gateway.corp:https"),
        ("AllowedPrivateHosts", "[fd00::5]:8443", "fd00::5"),
        ("AllowedPrivateHosts", "10.0.0.5", "10.0.0.5/8"),
        ("FederationIssuer", ISSUER, f"{ISSUER}/"),
        ("FederationIssuer", ISSUER, "http://a1.tokens.sts.global.api.aws"),
        ("FederationAudiences", "https://gateway.corp/oauth?tenant=1", "https://gateway.corp/a b"),
        ("FederationAudiences", "urn:gateway:*", "${aws:userid}"),
    ],
)
def test_pattern_allows_valid_and_empty_values_and_rejects_others(name: str, good: str, bad: str) -> None:
    pattern = PARAMETERS[name]["AllowedPattern"]
    assert re.search(pattern, good)
    assert re.search(pattern, "")
    assert not re.search(pattern, bad)


@pytest.mark.parametrize(
    ("parameters", "created"),
    [
        ({}, set()),
        ({"WebAclArn": "arn:aws:wafv2:…"}, {"WebAclAssociation"}),
        ({"HostedZoneId": "Z0"}, set()),
        ({"DomainName": "example.com"}, {"Domain", "DomainMapping"}),
        ({"DomainName": "example.com", "HostedZoneId": "Z0"}, {"Domain", "DomainMapping", "DomainRecord"}),
        ({"GradualDeployment": "Canary10Percent5Minutes"}, {"CodeDeployServiceRole"}),
        ({"AccessLogs": "existing-role"}, set()),
        ({"FederationAudiences": "https://gateway.corp"}, set()),
        ({"FederationIssuer": ISSUER}, {"ExchangeTokenFunction", "ExchangeTokenFunctionRole"}),
        ({"AccessLogs": "create-role"}, {"LoggingAccount", "LoggingRole"}),
    ],
)
def test_optional_resources_are_created_only_on_request(parameters: dict[str, str], created: set[str]) -> None:
    assert optional_resources(**parameters) == created


@pytest.mark.parametrize(
    ("parameters", "accepted"),
    [
        ({}, True),
        ({"DomainName": "example.com"}, False),
        ({"DomainName": "example.com", "CertificateArn": "arn:aws:acm:…"}, True),
        ({"RequireAlarmTopic": "true"}, False),
        ({"RequireAlarmTopic": "true", "AlarmTopicArn": TOPIC}, True),
        ({"RequireAlarmTopic": "false", "AlarmTopicArn": TOPIC}, True),
    ],
)
def test_deployment_without_a_required_parameter_is_rejected(parameters: dict[str, str], *, accepted: bool) -> None:
    assert is_accepted(**parameters) == accepted


@pytest.mark.parametrize("condition", CONDITIONS)
def test_condition_is_false_with_default_parameters(condition: str) -> None:
    """The defaults need nothing that an AWS account may not have: roles, concurrency, a topic, a domain."""
    assert not holds(CONDITIONS[condition], {})


def without_federation(value: Any) -> Any:
    """Resolve `Fn::If` and conditional resources as CloudFormation does if FederationIssuer is empty."""
    match value:
        case {"Fn::If": ["HasFederation", _, otherwise]}:
            return without_federation(otherwise)
        case dict():
            parts = {name: without_federation(part) for name, part in value.items()}
            return {name: part for name, part in parts.items() if not _is_conditional(part)}
        case list():
            return [without_federation(part) for part in value]
    return value


def _is_conditional(part: Any) -> bool:
    return isinstance(part, dict) and part.get("Condition") == "HasFederation"


@pytest.mark.parametrize("deployment", ["AllAtOnce", "Canary10Percent5Minutes"])
def test_without_an_issuer_no_part_of_the_token_exchange_exists(deployment: str) -> None:
    made = {"Resources": processed(GradualDeployment=deployment), "Outputs": sam_template.template()["Outputs"]}
    assert "ExchangeToken" in json.dumps(made)
    remaining = json.dumps(without_federation(made))
    assert "WebIdentityToken" not in remaining
    # What remains is a variable of the dashboard that is empty, and the log group, which is retained in any case.
    assert set(re.findall(r"\w*ExchangeToken\w*", remaining)) == {"ExchangeToken", "ExchangeTokenLogGroup"}
    assert '"ExchangeToken": ""' in remaining


def test_logging_role_outlives_the_stack_because_other_apis_use_it() -> None:
    for name in ("LoggingRole", "LoggingAccount"):
        assert (RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_stage_with_access_logs_is_created_after_the_logging_role_of_the_account() -> None:
    """API Gateway rejects a stage with access logs as long as the AWS account has no logging role."""
    made = processed(AccessLogs="create-role")
    [stage] = of_type(made, "AWS::ApiGateway::Stage").values()
    logs = stage["Properties"]["AccessLogSetting"]["Fn::If"][1]["DestinationArn"]["Fn::GetAtt"][0]
    assert made[logs]["Metadata"] == {"CreatedAfter": {"Fn::If": ["CreatesLoggingRole", {"Ref": "LoggingAccount"}, ""]}}
    assert made["LoggingAccount"]["Properties"]["CloudWatchRoleArn"] == {"Fn::GetAtt": ["LoggingRole", "Arn"]}


def test_access_log_contains_nothing_that_may_hold_a_key() -> None:
    setting = RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Fn::If"]
    assert setting[0] == "HasAccessLogs"
    assert not re.search(r"header|query|body|\$input|context\.path", setting[1]["Format"].lower())
    assert set(re.findall(r"\$[\w.]+", setting[1]["Format"])) == {
        "$context.authorizer.account",
        "$context.authorizer.principalId",
        "$context.error.responseType",
        "$context.httpMethod",
        "$context.identity.sourceIp",
        "$context.identity.userArn",
        "$context.integrationLatency",
        "$context.requestId",
        "$context.requestTime",
        "$context.resourcePath",
        "$context.responseLatency",
        "$context.status",
    }


def test_synchronous_functions_are_published_with_an_alias() -> None:
    published = {each["Properties"]["CodeUri"].removeprefix("functions/") for each in PUBLISHED}
    assert published >= set(sam_template.synchronous_functions())
    for each in PUBLISHED:
        assert each["Properties"]["AutoPublishAlias"] == "live"
        assert each["Properties"]["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}


def test_api_invokes_the_authorizer_by_its_alias_and_is_created_after_it() -> None:
    made = processed()
    [authorizer] = RESOURCES["Api"]["Properties"]["Auth"]["Authorizers"].values()
    assert authorizer["FunctionArn"] == {"Fn::Sub": "${AuthorizerFunction.Arn}:live"}
    alias = made["Api"]["DependsOn"]
    assert made[alias]["Properties"]["Name"] == "live"
    assert made[alias]["Properties"]["FunctionName"] == {"Ref": "AuthorizerFunction"}


def test_default_deployment_creates_no_codedeploy_resources() -> None:
    assert not [each for each in processed().values() if each["Type"].startswith("AWS::CodeDeploy")]


@pytest.mark.parametrize(
    "kind", [each for each in PARAMETERS["GradualDeployment"]["AllowedValues"] if each != "AllAtOnce"]
)
def test_gradual_deployment_rolls_back_on_the_rollback_alarm(kind: str) -> None:
    groups = of_type(processed(GradualDeployment=kind), "AWS::CodeDeploy::DeploymentGroup").values()
    assert len(groups) == len(PUBLISHED)
    for each in groups:
        assert each["Properties"]["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": kind}
        assert each["Properties"]["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": "RollbackAlarm"}}]
        assert each["Properties"]["AutoRollbackConfiguration"]["Enabled"]
        role = {
            "Fn::If": ["DeploysGradually", {"Fn::GetAtt": ["CodeDeployServiceRole", "Arn"]}, {"Ref": "AWS::NoValue"}]
        }
        assert each["Properties"]["ServiceRoleArn"] == role


def test_codedeploy_moves_traffic_with_every_value_except_all_at_once() -> None:
    enabled = dict.fromkeys(PARAMETERS["GradualDeployment"]["AllowedValues"], "true") | {"AllAtOnce": "false"}
    assert sam_template.template()["Mappings"]["CodeDeploy"] == {"Enabled": enabled}


def test_throttling_parameters_limit_each_route_without_a_limit_of_its_own() -> None:
    """AWS applies the limits of a stage to each method
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html)."""
    [everything] = [each for each in RESOURCES["Api"]["Properties"]["MethodSettings"] if each["ResourcePath"] == "/*"]
    assert everything["ThrottlingRateLimit"] == {"Ref": "ThrottlingRate"}
    assert everything["ThrottlingBurstLimit"] == {"Ref": "ThrottlingBurst"}


def test_limit_of_the_age_of_keys_is_off_by_default_and_a_filter_can_find_every_overdue_key() -> None:
    limit = PARAMETERS["MaxKeyAgeDays"]
    assert (limit["Default"], limit["MinValue"]) == (0, 0)
    assert limit["MaxValue"] == key_facts.MAX_AGE_DAYS


def test_layers_support_the_runtime_on_every_architecture_and_only_the_latest_version_is_kept() -> None:
    settings = sam_template.template()["Globals"]["Function"]
    for name, folder in zip(("DependenciesLayer", "SharedLayer"), ("dependencies", "shared"), strict=True):
        assert {"Ref": name} in settings["Layers"]
        assert RESOURCES[name]["Metadata"] == {"BuildMethod": "makefile"}
        layer = RESOURCES[name]["Properties"]
        assert layer["ContentUri"] == f"layers/{folder}"
        assert layer["CompatibleRuntimes"] == [settings["Runtime"]]
        assert layer["CompatibleArchitectures"] == PARAMETERS["Architecture"]["AllowedValues"]
        assert layer["PublishLambdaVersion"] is True
        assert layer["RetentionPolicy"] == "Delete"
