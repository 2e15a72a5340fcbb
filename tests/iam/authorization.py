"""The permissions that an AWS call requires. One call can require several actions on several resources.

The rules come from the service authorization reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/) and the API reference of each operation.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.iam.evaluator import Request, Values
from tests.iam.policies import ACCOUNT, REGION

Parameters = Mapping[str, Any]
_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
_ENCRYPTS = {"CreateSecret": ("GenerateDataKey", "Decrypt"), "PutSecretValue": ("GenerateDataKey", "Decrypt")}
_ACTIONS = {"Invoke": "InvokeFunction"}  # actions whose name differs from the operation
_DECRYPTS = {"GetSecretValue": ("Decrypt",)}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A recorded AWS call. `service` is the prefix of its IAM actions, such as `dynamodb`."""

    function: str
    service: str
    operation: str
    parameters: Parameters


@dataclass(frozen=True, kw_only=True)
class Account:
    """The state that IAM conditions refer to: the tags and the encryption key of each secret, by ARN."""

    tags: Mapping[str, Mapping[str, str]]
    keys: Mapping[str, str]

    def requests(self, call: Call) -> Iterator[Request]:
        """Yield the IAM requests that a call makes."""
        rule = _RULES.get(call.service, _single_action)
        yield from rule(call, self)


def _single_action(call: Call, _account: Account) -> Iterator[Request]:
    resource = {"kms": "KeyId", "lambda": "FunctionName"}[call.service]
    yield Request(
        action=f"{call.service}:{_ACTIONS.get(call.operation, call.operation)}", resource=call.parameters[resource]
    )


def _events(call: Call, _account: Account) -> Iterator[Request]:
    entries = call.parameters["Entries"]
    keys = {"events:source": "Source", "events:detail-type": "DetailType"}
    context = {key: frozenset(entry[part] for entry in entries) for key, part in keys.items()}
    for bus in sorted({entry["EventBusName"] for entry in entries}):
        yield Request(action="events:PutEvents", resource=_arn("events", f"event-bus/{bus}"), context=context)


def _queues(call: Call, _account: Account) -> Iterator[Request]:
    yield Request(action=f"sqs:{call.operation}", resource=_arn("sqs", call.parameters["QueueUrl"].rpartition("/")[2]))


def _security_tokens(call: Call, _account: Account) -> Iterator[Request]:
    if call.operation == "GetWebIdentityToken":
        yield from _identity_tokens(call.parameters)
        return
    context = {"sts:ExternalId": frozenset({call.parameters["ExternalId"]})} if "ExternalId" in call.parameters else {}
    yield Request(action=f"sts:{call.operation}", resource=call.parameters["RoleArn"], context=context)


def _identity_tokens(parameters: Parameters) -> Iterator[Request]:
    """Yield the requests of a call with tags. Its parameters are those of the query protocol."""
    keys = {name: value for name, value in parameters.items() if name.startswith("Tags.") and name.endswith(".Key")}
    tags = {key: parameters[f"{name.removesuffix('Key')}Value"] for name, key in keys.items()}
    yield Request(
        action="sts:GetWebIdentityToken",
        resource="*",
        context={
            "sts:IdentityTokenAudience": frozenset(v for name, v in parameters.items() if name.startswith("Audience.")),
            "sts:DurationSeconds": frozenset({parameters["DurationSeconds"]}),
            "sts:SigningAlgorithm": frozenset({parameters["SigningAlgorithm"]}),
        },
    )
    context = {f"aws:RequestTag/{key}": frozenset({value}) for key, value in tags.items()}
    yield Request(action="sts:TagGetWebIdentityToken", resource="*", context=context | {"aws:TagKeys": frozenset(tags)})


def _dynamodb(call: Call, _account: Account) -> Iterator[Request]:
    match call.operation, call.parameters:
        case "TransactWriteItems", {"TransactItems": items}:
            for item in items:
                [(kind, parameters)] = item.items()
                yield _item_request(_TRANSACTED[kind], parameters["TableName"], [parameters])
        case "BatchGetItem", {"RequestItems": tables}:
            for table, parameters in tables.items():
                yield _item_request(call.operation, table, [{"Key": key} for key in parameters["Keys"]])
        case operation, parameters:
            yield _item_request(operation, parameters["TableName"], [parameters])


def _item_request(operation: str, table: str, parts: list[Parameters]) -> Request:
    context = {
        "dynamodb:LeadingKeys": frozenset(key for part in parts for key in _leading_keys(part)),
        "dynamodb:Attributes": frozenset(name for part in parts for name in _attributes(part)),
    }
    present = {name: values for name, values in context.items() if values}
    return Request(action=f"dynamodb:{operation}", resource=_arn("dynamodb", f"table/{table}"), context=present)


def _leading_keys(parameters: Parameters) -> Values:
    """Find the partition keys that a call names. In a query it is the value of the condition on `pk`."""
    if "KeyConditionExpression" in parameters:
        names, values = parameters["ExpressionAttributeNames"], parameters["ExpressionAttributeValues"]
        [alias] = [alias for alias, name in names.items() if name == "pk"]
        placeholder = parameters["KeyConditionExpression"].partition(f"{alias} = ")[2].partition(" ")[0]
        return frozenset({values[placeholder]["S"]})
    item = parameters.get("Key") or parameters.get("Item") or {}
    return frozenset({item["pk"]["S"]} if item else set())


def _attributes(parameters: Parameters) -> Values:
    item = parameters.get("Key") or parameters.get("Item") or {}
    return frozenset({*item, *parameters.get("ExpressionAttributeNames", {}).values()})


def _secrets_manager(call: Call, account: Account) -> Iterator[Request]:
    action = f"secretsmanager:{call.operation}"
    if call.operation == "ListSecrets":
        yield Request(action=action, resource="*")
        return
    name = call.parameters.get("SecretId") or call.parameters["Name"]
    arn = name if name.startswith("arn:") else f"{_arn('secretsmanager', 'secret:')}{name}-AbCdEf"
    # A new secret has no tags yet.
    tags = {} if call.operation == "CreateSecret" else account.tags.get(name, {})
    context = {f"secretsmanager:ResourceTag/{key}": frozenset({value}) for key, value in tags.items()}
    if "ForceDeleteWithoutRecovery" in call.parameters:
        forced = str(call.parameters["ForceDeleteWithoutRecovery"]).lower()
        context["secretsmanager:ForceDeleteWithoutRecovery"] = frozenset({forced})
    yield Request(action=action, resource=arn, context=context)
    if "Tags" in call.parameters:
        yield Request(action="secretsmanager:TagResource", resource=arn, context=context)
    key = call.parameters.get("KmsKeyId") or account.keys.get(name)
    for operation in (_ENCRYPTS | _DECRYPTS).get(call.operation, ()) if key else ():
        via = {"kms:ViaService": frozenset({f"secretsmanager.{REGION}.amazonaws.com"})}
        yield Request(action=f"kms:{operation}", resource=str(key), context=via)


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


_RULES: Mapping[str, Callable[[Call, Account], Iterator[Request]]] = {
    "dynamodb": _dynamodb,
    "events": _events,
    "secretsmanager": _secrets_manager,
    "sqs": _queues,
    "sts": _security_tokens,
}
