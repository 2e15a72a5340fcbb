"""Settings: each resource that CloudFormation creates has only the kinds of settings that these tests know.

A setting that the template adds can undo what another test promises: an alarm that is switched off, a queue that delays
its messages, a cache in front of the API. Add a new setting here too, with a test of its value.
"""

import re
from typing import Any

import pytest

from tests import sam_template

# The names of the settings that every resource of a type has.
COMMON = {
    "AWS::ApiGateway::Account": "CloudWatchRoleArn",
    "AWS::ApiGateway::BasePathMapping": "DomainName RestApiId Stage",
    "AWS::ApiGateway::Deployment": "Description RestApiId",
    "AWS::ApiGateway::DomainName": "DomainName EndpointAccessMode EndpointConfiguration RegionalCertificateArn "
    "SecurityPolicy",
    "AWS::ApiGateway::RestApi": "Body EndpointAccessMode EndpointConfiguration Name Parameters SecurityPolicy",
    "AWS::ApiGateway::Stage": "AccessLogSetting DeploymentId MethodSettings RestApiId StageName TracingEnabled",
    "AWS::CloudWatch::Alarm": "AlarmActions AlarmDescription ComparisonOperator Dimensions EvaluationPeriods "
    "MetricName Namespace OKActions Period Threshold TreatMissingData",
    "AWS::CloudWatch::Dashboard": "DashboardBody DashboardName",
    "AWS::CodeDeploy::Application": "ComputePlatform",
    "AWS::CodeDeploy::DeploymentGroup": "AlarmConfiguration ApplicationName AutoRollbackConfiguration "
    "DeploymentConfigName DeploymentStyle ServiceRoleArn",
    "AWS::DynamoDB::Table": "AttributeDefinitions BillingMode DeletionProtectionEnabled KeySchema "
    "PointInTimeRecoverySpecification SSESpecification StreamSpecification TimeToLiveSpecification",
    "AWS::Events::EventBus": "Description Name",
    "AWS::Events::EventBusPolicy": "EventBusName Statement StatementId",
    "AWS::Events::Rule": "EventBusName EventPattern Targets",
    "AWS::IAM::ManagedPolicy": "Description PolicyDocument",
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
    "AWS::KMS::Alias": "AliasName TargetKeyId",
    "AWS::KMS::Key": "Description KeyPolicy PendingWindowInDays",
    "AWS::Lambda::Alias": "FunctionName FunctionVersion Name",
    "AWS::Lambda::EventInvokeConfig": "DestinationConfig FunctionName MaximumEventAgeInSeconds MaximumRetryAttempts "
    "Qualifier",
    "AWS::Lambda::EventSourceMapping": "BatchSize EventSourceArn FunctionName FunctionResponseTypes",
    "AWS::Lambda::Function": "Architectures Code Description Environment Handler Layers LoggingConfig MemorySize Role "
    "Runtime RuntimeManagementConfig Tags Timeout TracingConfig",
    "AWS::Lambda::LayerVersion": "CompatibleRuntimes Content Description LayerName",
    "AWS::Lambda::Permission": "Action FunctionName Principal SourceArn",
    "AWS::Lambda::Version": "FunctionName",
    "AWS::Logs::LogGroup": "KmsKeyId LogGroupName RetentionInDays",
    "AWS::Route53::RecordSet": "AliasTarget HostedZoneId Name Type",
    "AWS::SQS::Queue": "MessageRetentionPeriod SqsManagedSseEnabled",
    "AWS::SQS::QueuePolicy": "PolicyDocument Queues",
    "AWS::Scheduler::Schedule": "FlexibleTimeWindow ScheduleExpression Target",
    "AWS::WAFv2::WebACLAssociation": "ResourceArn WebACLArn",
}
# Further settings: resources whose ids match a pattern, and the names.
FURTHER = (
    ("(?!ApiLatency).+Alarm", "Statistic"),
    ("ApiLatencyAlarm", "ExtendedStatistic"),
    ("(OrphanedSecrets|SweepStopped|IntegrationsWithoutSecret)Alarm", "DatapointsToAlarm"),
    ("ConsumerPolicy", "Roles"),
    ("LoggingRole", "ManagedPolicyArns"),
    ("(?!Logging).+Role", "Policies"),
    ("(Api|Credentials|TestConnection)FunctionRole", "Tags"),
    ("Key", "EnableKeyRotation"),
    ("FingerprintKey", "KeySpec KeyUsage"),
    ("ProvisionFunctionProvisioningQueue", "ScalingConfig"),
    (
        "PublishChangesFunctionChanges",
        "BisectBatchOnFunctionError DestinationConfig FilterCriteria MaximumRecordAgeInSeconds MaximumRetryAttempts "
        "StartingPosition",
    ),
    (
        "(Api|Authorizer|Console|Consumers|Audit|Credentials|TestConnection|VerifyKey|ExchangeToken)Function",
        "SnapStart",
    ),
    ("(TestConnection|VerifyKey|ExchangeToken)Function", "ReservedConcurrentExecutions"),
    ("(Dependencies|Shared)Layer[0-9a-f]{10}", "CompatibleArchitectures"),
    ("ProvisioningQueue", "RedrivePolicy VisibilityTimeout"),
)
RESOURCES = sam_template.processed(GradualDeployment="Canary10Percent5Minutes")


def known_settings(name: str) -> set[str]:
    """List the names of the settings that a resource has."""
    further = [names for pattern, names in FURTHER if re.fullmatch(pattern, name)]
    return set(" ".join([COMMON.get(RESOURCES[name]["Type"], ""), *further]).split())


@pytest.mark.parametrize("name", RESOURCES)
def test_resource_has_only_settings_that_are_known(name: str) -> None:
    assert RESOURCES[name].get("Properties", {}).keys() == known_settings(name)


def test_every_known_type_of_resource_exists() -> None:
    assert {each["Type"] for each in RESOURCES.values()} == COMMON.keys()


def parts(resource_type: str, setting: str) -> list[dict[str, Any]]:
    """Collect a structured setting, or the members of a list of them, from all resources of a type."""
    values = [each["Properties"][setting] for each in sam_template.of_type(RESOURCES, resource_type).values()]
    return [each for value in values for each in (value if isinstance(value, list) else [value])]


@pytest.mark.parametrize(
    ("resource_type", "setting", "names"),
    [
        (
            "AWS::ApiGateway::Stage",
            "MethodSettings",
            {
                "DataTraceEnabled",
                "HttpMethod",
                "MetricsEnabled",
                "ResourcePath",
                "ThrottlingBurstLimit",
                "ThrottlingRateLimit",
            },
        ),
        ("AWS::Events::Rule", "Targets", {"Arn", "DeadLetterConfig", "Id", "InputTransformer"}),
        ("AWS::IAM::Role", "AssumeRolePolicyDocument", {"Statement", "Version"}),
        ("AWS::Lambda::Function", "LoggingConfig", {"LogGroup"}),
        ("AWS::Scheduler::Schedule", "FlexibleTimeWindow", {"Mode"}),
        ("AWS::Scheduler::Schedule", "Target", {"Arn", "Input", "RetryPolicy", "RoleArn"}),
    ],
)
def test_parts_of_a_setting_have_only_names_that_are_known(resource_type: str, setting: str, names: set[str]) -> None:
    assert {name for part in parts(resource_type, setting) for name in part} == names


CONDITIONAL = {
    "CreatesLoggingRole": {"LoggingRole", "LoggingAccount"},
    "HasDomain": {"Domain", "DomainMapping"},
    "HasFederation": {"ExchangeTokenFunction", "ExchangeTokenFunctionRole"},
    "HasHostedZone": {"DomainRecord"},
    "HasWebAcl": {"WebAclAssociation"},
    "DeploysGradually": {"CodeDeployServiceRole"},
}


def test_only_what_a_parameter_turns_on_is_conditional() -> None:
    """Every deployment needs the other resources: alarms, policies of queues and of the bus, log groups."""
    found = {
        name: each["Condition"] for name, each in sam_template.template()["Resources"].items() if "Condition" in each
    }
    assert found == {name: condition for condition, names in CONDITIONAL.items() for name in names}


def test_alias_moves_to_a_new_version_without_hooks() -> None:
    policies = [each["UpdatePolicy"] for each in RESOURCES.values() if "UpdatePolicy" in each]
    assert policies
    for policy in policies:
        assert policy["CodeDeployLambdaAliasUpdate"].keys() == {"ApplicationName", "DeploymentGroupName"}
