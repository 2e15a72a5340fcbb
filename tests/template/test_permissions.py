"""Permissions: each function has exactly those it needs. IAM enforces that the API cannot read a key back."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ai_integrations.adapters.dynamodb.items import integration_item
from ai_integrations.domain.federation import audience_of, request_tags
from ai_integrations.domain.providers import PROVIDERS
from ai_integrations.key_access.token_exchange.identity_tokens import SIGNING_ALGORITHM
from tests import sam_template
from tests.builders import FEDERATIONS, an_integration
from tests.iam import document
from tests.iam.evaluator import Request, allowing_statements
from tests.sam_template import role_statements as statements

Statement = dict[str, Any]

RESOURCES: dict[str, Any] = sam_template.template()["Resources"]

SECRETS = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
OWN_SECRETS = {"Fn::Sub": SECRETS + "${AWS::StackName}/*"}
REFERENCED = {
    "Null": {
        "secretsmanager:ResourceTag/ai-integrations:account": "false",
        "secretsmanager:ResourceTag/ai-integrations:stack": "true",
    }
}
Grants = dict[str, set[str]]


def of(service: str, *names: str) -> set[str]:
    """Build the names of a service's actions."""
    return {f"{service}:{name}" for name in names}


# What each function may do beside writing its log and traces, by what it may do it to: partitions of the table, secrets
# and other resources.
WRITES: Grants = {
    "ACCOUNT#*": of("dynamodb", "BatchGetItem", "DeleteItem", "GetItem", "PutItem"),
    "ROLE#*": of("dynamodb", "GetItem", "UpdateItem"),
    "FEDERATION#*": of("dynamodb", "GetItem", "UpdateItem"),
    "SPACES#*": of("dynamodb", "GetItem", "UpdateItem"),
    "referenced secrets": of("secretsmanager", "DescribeSecret"),
}
READS_KEYS: Grants = {
    "own secrets": of("secretsmanager", "GetSecretValue"),
    "referenced secrets": of("secretsmanager", "DescribeSecret", "GetSecretValue"),
    # A referenced secret may be encrypted with a KMS key of its owner.
    "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*": of("kms", "Decrypt"),
    "FingerprintKey": of("kms", "GenerateMac"),
    "arn:${AWS::Partition}:iam::*:role/*": of("sts", "AssumeRole"),
    "${ExchangeTokenFunction.Arn}:live": of("lambda", "InvokeFunction"),
}
CLEANS_UP = of("secretsmanager", "DeleteSecret", "DescribeSecret", "RestoreSecret", "UpdateSecretVersionStage")
GRANTS: dict[str, Grants] = {
    "api": WRITES
    | {
        "ACCOUNT#*": WRITES["ACCOUNT#*"] | of("dynamodb", "ConditionCheckItem", "Query"),
        "ROLE#*": WRITES["ROLE#*"] | of("dynamodb", "ConditionCheckItem"),
        "FEDERATION#*": WRITES["FEDERATION#*"] | of("dynamodb", "ConditionCheckItem"),
        "USES#*": of("dynamodb", "Query"),
        "SPACES#*": WRITES["SPACES#*"] | of("dynamodb", "Query"),
        "own secrets": CLEANS_UP | of("secretsmanager", "CreateSecret", "PutSecretValue", "TagResource"),
        "Key": of("kms", "Decrypt", "GenerateDataKey"),
        "${VerifyKeyFunction.Arn}:live": of("lambda", "InvokeFunction"),
    },
    "authorizer": {"ACCESSKEY#*": of("dynamodb", "GetItem")},
    "provision": WRITES
    | {
        "SENDERS#*": of("dynamodb", "GetItem"),
        "Bus": of("events", "PutEvents"),
        "ProvisioningQueue": of(
            "sqs", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"
        ),
        "ProvisioningDeadLetterQueue": of("sqs", "SendMessage"),
    },
    "publish_changes": {
        "ACCOUNT#*": of("dynamodb", "GetItem"),
        "AUDIT#*": of("dynamodb", "PutItem"),
        "USES#*": of("dynamodb", "Query", "UpdateItem"),
        "own secrets": CLEANS_UP,
        "Bus": of("events", "PutEvents"),
        "${Table.Arn}/stream/*": of("dynamodb", "DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"),
        "StreamDeadLetterQueue": of("sqs", "SendMessage"),
    },
    "custom_resource": WRITES | {"SENDERS#*": of("dynamodb", "Query")},
    "console": {},
    "consumers": {
        "CONSUMER#*": of("dynamodb", "DeleteItem", "PutItem"),
        "CONSUMERS#*": of("dynamodb", "DeleteItem", "GetItem", "PutItem", "Query"),
        "ACCOUNT#*": of("dynamodb", "BatchGetItem", "GetItem"),
        "SPACES#*": of("dynamodb", "GetItem"),
        "USES#*": of("dynamodb", "BatchGetItem"),
    },
    "audit": {
        "ACCOUNT#*": of("dynamodb", "GetItem", "Query"),
        "USES#*": of("dynamodb", "Query"),
        "AUDIT#*": of("dynamodb", "Query"),
        "SPACES#*": of("dynamodb", "GetItem"),
    },
    "credentials": READS_KEYS
    | {
        "ACCOUNT#*": of("dynamodb", "BatchGetItem", "GetItem", "Query"),
        "CONSUMER#*": of("dynamodb", "BatchGetItem", "GetItem", "Query"),
        "SPACES#*": of("dynamodb", "GetItem"),
        "USES#*": of("dynamodb", "PutItem", "UpdateItem"),
    },
    "test_connection": READS_KEYS
    | {
        "ACCOUNT#*": of("dynamodb", "GetItem", "UpdateItem"),
        "ROLE#*": of("dynamodb", "GetItem"),
        "FEDERATION#*": of("dynamodb", "GetItem"),
        "SPACES#*": of("dynamodb", "GetItem"),
    },
    "verify_key": {},
    "exchange_token": {"*": of("sts", "GetWebIdentityToken", "TagGetWebIdentityToken")},
    "access_keys": {
        "ACCESSKEY#*": of("dynamodb", "DeleteItem", "PutItem"),
        "ACCESSKEYS#*": of("dynamodb", "GetItem", "PutItem", "Query"),
        "SENDERS#*": of("dynamodb", "DeleteItem", "PutItem", "Query"),
    },
    "spaces": {"SPACES#*": of("dynamodb", "DeleteItem", "GetItem", "PutItem", "Query")},
    "sweep": {
        "ACCOUNT#*": of("dynamodb", "GetItem"),
        "SWEEP": of("dynamodb", "DeleteItem", "GetItem", "PutItem"),
        "REMINDERS#*": of("dynamodb", "BatchGetItem", "PutItem"),
        "USES#*": of("dynamodb", "Query"),
        "Table": of("dynamodb", "Scan"),
        "own secrets": CLEANS_UP,
        "*": of("secretsmanager", "ListSecrets"),
        "Bus": of("events", "PutEvents"),
    },
}
# Actions that AWS cannot limit to partitions, secrets or functions. They are in statements of their own.
UNLIMITED = {
    "dynamodb:Scan",
    "secretsmanager:ListSecrets",
    "sts:GetWebIdentityToken",
    "sts:TagGetWebIdentityToken",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# The functions whose purpose requires stored provider keys.
READERS = {"credentials", "test_connection"}
VERBS = (
    "Assume|Check|CleanUp|Decrypt|Delay|Delegate|Delete|Deny|Describe|Encrypt|Generate|Invoke|Issue|List|Publish|Read|Receive|Record"
    "|Resolve|Scan|Send|Shift|Store|Tag|Write"
)
SID = re.compile(rf"(?:{VERBS})(?:And(?:{VERBS}))?(?:[A-Z][a-z]+)+")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions(statement: Statement) -> list[str]:
    return listed(statement["Action"])


ALL = [(function, statement) for function in sam_template.functions() for statement in statements(function)]
DENIED = [(function, statement) for function, statement in ALL if statement["Effect"] == "Deny"]
LIMITED = [each for each in ALL if not set(actions(each[1])) & UNLIMITED and each not in DENIED]


def about(service: str) -> list[tuple[str, Statement]]:
    """Return the statements about one service, except those that AWS cannot limit."""
    return [(function, each) for function, each in LIMITED if any(a.startswith(f"{service}:") for a in actions(each))]


def policy_documents(value: Any, path: str = "") -> Iterator[tuple[str, list[Statement]]]:
    """Find every policy in a part of the template: of functions, queues, keys, roles and managed policies."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield path, [sam_template.switched_on(each) for each in listed(value["Statement"])]
        for name, part in value.items():
            yield from policy_documents(part, f"{path}/{name}")
    elif isinstance(value, list):
        for part in value:
            yield from policy_documents(part, path)


POLICIES = dict(policy_documents(sam_template.processed(GradualDeployment="Canary10Percent5Minutes")))


def test_page_of_permissions_is_up_to_date() -> None:
    assert document.PATH.read_text() == document.document(), "run `make permissions`"


@pytest.mark.parametrize("policy", POLICIES)
def test_statement_ids_are_a_verb_and_a_noun_and_unique_in_the_policy(policy: str) -> None:
    sids = [statement.get("Sid", "") for statement in POLICIES[policy]]
    assert [sid for sid in sids if not SID.fullmatch(sid)] == []
    assert [sid for sid, times in Counter(sids).items() if times > 1] == []


def objects(statement: Statement) -> list[str]:
    """Name what a statement is about, as in the table of grants."""
    condition = statement.get("Condition", {})
    match statement["Resource"]:
        case {"Fn::GetAtt": ["Table", "Arn"]} if "ForAllValues:StringLike" in condition:
            return listed(condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
        case {"Fn::Sub": arn} if arn == f"{SECRETS}*" and condition == REFERENCED:
            return ["referenced secrets"]
        case {"Fn::Sub": arn}:
            return ["own secrets" if {"Fn::Sub": arn} == OWN_SECRETS else arn]
        case {"Fn::GetAtt": [name, "Arn"]}:
            return [name]
    return [str(statement["Resource"])]


def granted(function: str) -> Grants:
    """List the actions that a function is allowed, by what they are allowed on."""
    found: Grants = {}
    for statement in statements(function):
        for each in objects(statement) if statement["Effect"] == "Allow" else ():
            found.setdefault(each, set()).update(actions(statement))
    return found


@pytest.mark.parametrize("function", sam_template.functions())
def test_function_has_exactly_the_permissions_it_needs(function: str) -> None:
    log_group = sam_template.functions()[function]["LoggingConfig"]["LogGroup"]["Ref"]
    expected = GRANTS[function] | {log_group: of("logs", "CreateLogStream", "PutLogEvents")}
    expected["*"] = expected.get("*", set()) | of("xray", "PutTelemetryRecords", "PutTraceSegments")
    assert granted(function) == expected


@pytest.mark.parametrize("function", sam_template.functions())
def test_role_of_a_function_has_one_policy(function: str) -> None:
    assert len(sam_template.roles()[function]["Policies"]) == 1


def test_only_the_sweep_and_the_token_exchange_have_actions_on_all_resources_beside_traces() -> None:
    unlimited = {(function, each["Sid"]) for function, each in ALL if set(actions(each)) & UNLIMITED}
    assert {each for each in unlimited if each[1] != "SendTraces"} == {
        ("sweep", "ScanTable"),
        ("sweep", "ListSecrets"),
        ("exchange_token", "IssueIdentityTokens"),
        ("exchange_token", "IssueCustomIdentityTokens"),
        ("exchange_token", "TagIdentityTokens"),
    }
    assert {tuple(actions(each)) for _, each in ALL if each["Sid"] == "SendTraces"} == {
        ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
    }


def test_only_the_shared_logging_role_has_a_managed_policy() -> None:
    """API Gateway's logging role is one for all APIs of the region, and API Gateway checks that it has the policy."""
    roles = sam_template.of_type(sam_template.processed(GradualDeployment="Canary10Percent5Minutes"), "AWS::IAM::Role")
    logging = "arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    managed = {name: each["Properties"].get("ManagedPolicyArns") for name, each in roles.items()}
    assert {name: each for name, each in managed.items() if each} == {"LoggingRole": [{"Fn::Sub": logging}]}
    assert not [name for name, each in roles.items() if {"RoleName", "Path"} & each["Properties"].keys()]


@pytest.mark.parametrize(("_function", "statement"), LIMITED)
def test_statement_names_each_action_and_each_resource(_function: str, statement: Statement) -> None:
    assert statement["Effect"] == "Allow"
    assert all("*" not in action for action in actions(statement))
    assert "*" not in listed(statement["Resource"])


@pytest.mark.parametrize(("function", "statement"), LIMITED)
def test_only_readers_can_read_a_provider_key(function: str, statement: Statement) -> None:
    reads = {"secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"} & set(actions(statement))
    assert not reads or function in READERS


@pytest.mark.parametrize(("_function", "statement"), ALL)
def test_statement_does_not_match_a_request_without_the_keys_of_its_condition(
    _function: str, statement: Statement
) -> None:
    """ForAllValues also holds if the request has no such key. A request such as a Scan has no partition keys."""
    condition = statement.get("Condition", {})
    keys = {key for operator, each in condition.items() if operator.startswith("ForAllValues:") for key in each}
    assert keys <= {key for key, is_absent in condition.get("Null", {}).items() if is_absent == "false"}


TABLE = [each for each in about("dynamodb") if each[1]["Sid"] != "ReadStream"]


@pytest.mark.parametrize(("_function", "statement"), TABLE)
def test_statement_covers_one_kind_of_partition_or_allows_a_single_action(_function: str, statement: Statement) -> None:
    """With two kinds in one statement, an action that only one of them needs would be allowed on both."""
    partitions = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert len(partitions) == 1 or len(actions(statement)) == 1


ROLE_ARN = "arn:${AWS::Partition}:iam::%s:role/*"


@pytest.mark.parametrize("function", sorted(READERS))
def test_function_that_assumes_roles_is_denied_those_of_its_own_account(function: str) -> None:
    [assume, deny] = [each for each in statements(function) if actions(each) == ["sts:AssumeRole"]]
    assert (assume["Effect"], assume["Resource"]) == ("Allow", {"Fn::Sub": ROLE_ARN % "*"})
    assert (deny["Effect"], deny["Resource"]) == ("Deny", {"Fn::Sub": ROLE_ARN % "${AWS::AccountId}"})
    assert "Condition" not in deny


def test_only_functions_that_assume_roles_are_named_in_trust_policies() -> None:
    resources = {each["Properties"].get("CodeUri"): name for name, each in RESOURCES.items() if "Properties" in each}
    assuming = [
        function for function in sam_template.functions() if "sts:AssumeRole" in set().union(*GRANTS[function].values())
    ]
    roles = [{"Fn::GetAtt": [f"{resources[f'functions/{function}']}Role", "Arn"]} for function in assuming]
    variables = sam_template.functions()["api"]["Environment"]["Variables"]
    assert variables["ASSUMING_ROLES"] == {"Fn::Join": [",", roles]}


def about_partitions(function: str) -> list[tuple[str, list[str]]]:
    """Return the partitions of each statement about the table, with its actions."""
    conditions = [(each.get("Condition", {}).get("ForAllValues:StringLike", {}), each) for each in statements(function)]
    return [
        (partition, actions(each))
        for condition, each in conditions
        for partition in listed(condition.get("dynamodb:LeadingKeys", []))
    ]


@pytest.mark.parametrize("partition", ["ROLE#*", "FEDERATION#*"])
@pytest.mark.parametrize("function", ["api", "provision", "custom_resource"])
def test_writers_can_neither_replace_nor_delete_a_guard(function: str, partition: str) -> None:
    on_guards = [each for each in about_partitions(function) if each[0] == partition]
    assert {action for _, each in on_guards for action in each} - {"dynamodb:ConditionCheckItem"} == {
        "dynamodb:GetItem",
        "dynamodb:UpdateItem",
    }


WRITE_ACTIONS = {"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}


def writers_of(partition: str) -> set[str]:
    return {
        function
        for function in sam_template.functions()
        for each, allowed in about_partitions(function)
        if each == partition and set(allowed) & WRITE_ACTIONS
    }


@pytest.mark.parametrize(
    ("partition", "writer"),
    [("CONSUMER#*", "consumers"), ("CONSUMERS#*", "consumers"), ("SENDERS#*", "access_keys")],
)
def test_only_one_function_can_write_who_may_act(partition: str, writer: str) -> None:
    assert writers_of(partition) == {writer}


@pytest.mark.parametrize(
    ("function", "partitions"),
    [
        ("consumers", {"CONSUMER#*", "CONSUMERS#*"}),
        ("credentials", {"USES#*"}),
        ("publish_changes", {"AUDIT#*", "USES#*"}),
    ],
)
def test_function_can_write_these_partitions_and_no_others(function: str, partitions: set[str]) -> None:
    written = {each for each, allowed in about_partitions(function) if set(allowed) & WRITE_ACTIONS}
    assert written == partitions


def test_function_that_processes_the_stream_can_change_only_when_a_use_expires() -> None:
    [write] = [each for each in statements("publish_changes") if "dynamodb:UpdateItem" in actions(each)]
    assert set(write["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]) == {"pk", "sk", "expires_at"}


@pytest.mark.parametrize("partition", ["ROLE#*", "FEDERATION#*"])
@pytest.mark.parametrize("function", ["api", "provision", "custom_resource", "test_connection"])
def test_function_that_rejects_an_identity_of_another_account_can_read_its_guard(function: str, partition: str) -> None:
    on_guards = [each for each in about_partitions(function) if each[0] == partition]
    assert "dynamodb:GetItem" in {action for _, each in on_guards for action in each}


def test_connection_test_can_write_no_attribute_of_an_integration() -> None:
    [write] = [each for each in statements("test_connection") if actions(each) == ["dynamodb:UpdateItem"]]
    written = set(write["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]) - {"pk", "sk"}
    assert written == {"health", "checks"}
    assert not written & integration_item(an_integration()).keys()


ENCRYPTION = [each for each in about("kms") if actions(each[1]) != ["kms:GenerateMac"]]


def test_only_readers_of_keys_can_compute_fingerprints() -> None:
    macs = {function for function, each in about("kms") if "kms:GenerateMac" in actions(each)}
    assert macs == READERS
    key = sam_template.template()["Resources"]["FingerprintKey"]["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")


def test_function_that_writes_urls_can_invoke_only_the_function_without_stored_keys() -> None:
    [statement] = [each for function, each in about("lambda") if function == "api"]
    assert statement["Resource"] == {"Fn::Sub": "${VerifyKeyFunction.Arn}:live"}
    assert [each["Sid"] for each in statements("verify_key")] == ["WriteLogs", "SendTraces"]


def test_only_readers_can_invoke_the_function_that_exchanges_tokens() -> None:
    exchange = {"Fn::Sub": "${ExchangeTokenFunction.Arn}:live"}
    assert {function for function, each in about("lambda") if each["Resource"] == exchange} == READERS


def issuing(audience: str, *, algorithm: str = "RS256", seconds: str = "3600") -> list[str]:
    """List the statements that allow a call of GetWebIdentityToken."""
    context = {
        "sts:IdentityTokenAudience": frozenset({audience} if audience else ()),
        "sts:SigningAlgorithm": frozenset({algorithm}),
        "sts:DurationSeconds": frozenset({seconds}),
    }
    request = Request(action="sts:GetWebIdentityToken", resource="*", context=context)
    of_providers = [each for each in statements("exchange_token") if each["Sid"] != "IssueCustomIdentityTokens"]
    return allowing_statements(of_providers, request)


@pytest.mark.parametrize("provider", sorted(FEDERATIONS.keys() - {"CUSTOM"}))
def test_identity_tokens_are_issued_for_the_audience_of_each_provider(provider: str) -> None:
    integration = an_integration(provider=provider, federation=FEDERATIONS[provider])
    assert issuing(audience_of(integration)) == ["IssueIdentityTokens"]


@pytest.mark.parametrize("audience", ["", "https://other.example.com", "https://api.openai.com/v1/", "api://other"])
def test_identity_tokens_are_issued_for_no_other_audience(audience: str) -> None:
    assert issuing(audience) == []


def test_identity_tokens_are_issued_with_one_algorithm_and_no_longer_than_the_longest_lifetime() -> None:
    openai = "https://api.openai.com/v1"
    longest = max(each.federation.lifetime for each in PROVIDERS.values() if each.federation)
    assert issuing(openai, algorithm=SIGNING_ALGORITHM, seconds=str(longest))
    assert not issuing(openai, algorithm="ES384")
    assert not issuing(openai, seconds=str(longest + 1))


def test_identity_tokens_for_own_token_endpoints_are_issued_for_the_listed_audiences_only() -> None:
    [statement] = [each for each in statements("exchange_token") if each["Sid"] == "IssueCustomIdentityTokens"]
    compared = statement["Condition"]["ForAllValues:StringEquals"]
    assert compared == {"sts:IdentityTokenAudience": {"Ref": "FederationAudiences"}}
    assert statement["Condition"]["Null"] == {"sts:IdentityTokenAudience": "false"}


def test_without_audiences_no_identity_token_is_issued_for_own_token_endpoints() -> None:
    [policy] = sam_template.roles()["exchange_token"]["Policies"]
    every = policy["PolicyDocument"]["Statement"]
    [choice] = [each["Fn::If"] for each in every if "FederationAudiences" in str(each)]
    assert (choice[0], choice[2]) == ("HasFederationAudiences", {"Ref": "AWS::NoValue"})


def tagging(**tags: str) -> list[str]:
    context = {f"aws:RequestTag/{name}": frozenset({value}) for name, value in tags.items()}
    context["aws:TagKeys"] = frozenset(tags)
    request = Request(action="sts:TagGetWebIdentityToken", resource="*", context=context)
    return allowing_statements(statements("exchange_token"), request)


def test_identity_tokens_have_exactly_the_tags_that_bind_them_to_an_integration() -> None:
    tags = dict(request_tags(an_integration()))
    assert tagging(**tags) == ["TagIdentityTokens"]
    assert tagging(**tags, role="admin") == []
    for name in tags:
        assert tagging(**{other: value for other, value in tags.items() if other != name}) == []


@pytest.mark.parametrize(("function", "statement"), ENCRYPTION)
def test_function_uses_kms_keys_only_through_secrets_manager(function: str, statement: Statement) -> None:
    via = {"Fn::Sub": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}"}
    assert statement["Condition"]["StringEquals"]["kms:ViaService"] == via
    # A referenced secret may be encrypted with a KMS key of its owner.
    assert statement["Resource"] == {"Fn::GetAtt": ["Key", "Arn"]} or function in READERS


@pytest.mark.parametrize(("_function", "statement"), about("secretsmanager"))
def test_function_reaches_only_own_secrets_and_those_tagged_for_an_account(
    _function: str, statement: Statement
) -> None:
    assert statement["Resource"] == OWN_SECRETS or statement.get("Condition") == REFERENCED


@pytest.mark.parametrize(("_function", "statement"), about("secretsmanager"))
def test_function_changes_only_own_secrets(_function: str, statement: Statement) -> None:
    reads = {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}
    assert statement["Resource"] == OWN_SECRETS or set(actions(statement)) <= reads


@pytest.mark.parametrize("function", ["publish_changes", "sweep"])
def test_automatic_deletion_of_a_secret_is_always_recoverable(function: str) -> None:
    [deleting] = [each for each in statements(function) if "secretsmanager:DeleteSecret" in actions(each)]
    assert deleting["Condition"]["BoolIfExists"] == {"secretsmanager:ForceDeleteWithoutRecovery": "false"}
