"""Scenarios for the event-driven functions, run again by tests that inject failures.

A scenario prepares an account and returns the event to deliver.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.items import integration_from_item
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Integration, SecretVersion, Tombstone
from tests.builders import API_KEY, NOON, STACK_ID, a_source, an_integration, the_stacks
from tests.cloud import Cloud
from tests.messaging import a_request_event
from tests.streams import a_record

Event = dict[str, Any]


@dataclass(frozen=True)
class ScenarioRun:
    """One run of a scenario. The account must be unused: runs share one table."""

    cloud: Cloud
    account: str
    response_url: str
    deliver: Callable[[str, Event], None]
    """Deliver an event to the function of this name."""

    def items(self) -> list[dict[str, Any]]:
        """List the account's items and audit log, without name and idempotency records, which repeat their facts."""
        items = [item for partition in ("ACCOUNT", "AUDIT") for item in self._items_of(partition)]
        return [item for item in items if not item["sk"].startswith(("IDEMPOTENCY#", "NAME#"))]

    def _items_of(self, partition: str) -> Iterable[dict[str, Any]]:
        response = self.cloud.dynamodb.query(
            TableName=self.cloud.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"{partition}#{self.account}"}},
        )
        return map(from_wire, response["Items"])

    def secrets(self) -> list[Any]:
        """List the secrets with the account in their name: name, scheduled for deletion, stage labels by version."""
        secrets = self.cloud.secrets_manager.list_secrets(IncludePlannedDeletion=True)["SecretList"]
        return [
            (secret["Name"], "DeletedDate" in secret, secret["SecretVersionsToStages"])
            for secret in secrets
            if self.account in secret["Name"]
        ]

    def store_secret(self, name: str, tags: dict[str, str]) -> SecretVersion:
        """Store a secret in Secrets Manager and return its first version."""
        pairs: Any = [{"Key": tag, "Value": value} for tag, value in tags.items()]
        created = self.cloud.secrets_manager.create_secret(
            Name=f"{name}/{self.account}", SecretString=API_KEY, Tags=pairs, ClientRequestToken=_version(1)
        )
        return SecretVersion(arn=created["ARN"], version=created["VersionId"])

    def store_external_secret(self) -> str:
        """Store a secret that the account may reference, as its owner would, and return its ARN."""
        return self.store_secret("external", {"ai-integrations:account": self.account}).arn


def _version(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _provisioning_request(run: ScenarioRun, action: str, *, request_id: str = "request-2", **parts: Any) -> Event:
    detail = {"request_id": request_id, "account": run.account, "user": "platform", **parts}
    run.cloud.register(a_source(account=run.account))
    envelope = a_request_event(action, **detail)
    return {
        "Records": [
            {
                "messageId": "message-1",
                "receiptHandle": "receipt-1",
                "body": json.dumps(envelope),
                "attributes": {"ApproximateReceiveCount": "1"},
            }
        ]
    }


def _body(**changes: Any) -> Event:
    return {"name": "first", "provider": "openAI", **changes}


def _create_integration(run: ScenarioRun) -> str:
    """Create an integration and return its id."""
    run.deliver("provision", _provisioning_request(run, "Create", request_id="request-1", integration=_body()))
    [item] = [item for item in run.items() if item["sk"].startswith("INTEGRATION#")]
    return ids.encode(item["id"])


def create(run: ScenarioRun) -> Event:
    return _provisioning_request(run, "Create", integration=_body())


def create_with_secret_reference(run: ScenarioRun) -> Event:
    body = _body(api_key_secret_arn=run.store_external_secret())
    return _provisioning_request(run, "Create", integration=body)


def create_with_taken_name(run: ScenarioRun) -> Event:
    _create_integration(run)
    return create(run)


def update(run: ScenarioRun) -> Event:
    return _provisioning_request(run, "Update", id=_create_integration(run), integration={"name": "second"})


def update_to_secret_reference(run: ScenarioRun) -> Event:
    body = {"api_key_secret_arn": run.store_external_secret()}
    return _provisioning_request(run, "Update", id=_create_integration(run), integration=body)


def delete(run: ScenarioRun) -> Event:
    return _provisioning_request(run, "Delete", id=_create_integration(run))


def _integration_with_key(run: ScenarioRun) -> Integration:
    secret = run.store_secret("own", {})
    return an_integration(account=run.account, updated_by="alice", secret=secret)


def publish_create(run: ScenarioRun) -> Event:
    without_key = an_integration(account=run.account, id="2")
    return {"Records": [a_record(None, _integration_with_key(run)), a_record(None, without_key)]}


def publish_rotation(run: ScenarioRun) -> Event:
    before = _integration_with_key(run)
    assert before.secret is not None
    run.cloud.secrets_manager.put_secret_value(
        SecretId=before.secret.arn,
        ClientRequestToken=_version(2),
        SecretString="sk-fake-second",
        VersionStages=[f"ai-integrations-{_version(2)}"],
    )
    after = replace(before, version=2, name="second", secret=before.secret._replace(version=_version(2)))
    return {"Records": [a_record(before, after)]}


def publish_key_removal(run: ScenarioRun) -> Event:
    before = _integration_with_key(run)
    return {"Records": [a_record(before, replace(before, version=2, secret=None))]}


def publish_delete(run: ScenarioRun) -> Event:
    tombstone = Tombstone(
        integration=_integration_with_key(run),
        deleted_at=NOON,
        deleted_by="bob",
        expires_at=NOON + timedelta(days=30),
    )
    return {"Records": [a_record(None, tombstone)]}


def publish_restore(run: ScenarioRun) -> Event:
    integration = _integration_with_key(run)
    assert integration.secret is not None
    run.cloud.secrets_manager.delete_secret(SecretId=integration.secret.arn)
    return {"Records": [a_record(None, replace(integration, version=2))]}


def _stack_request(run: ScenarioRun, request_type: str, body: Event, number: int, **more: Any) -> Event:
    stack = f"stack-of-{run.account}"
    run.cloud.register(the_stacks(account=run.account, name=stack))
    return {
        "RequestType": request_type,
        "ResponseURL": run.response_url,
        "StackId": STACK_ID.replace("/app/", f"/{stack}/"),
        "RequestId": f"request-{number}",
        "LogicalResourceId": "Llm",
        "ResourceProperties": _properties(run, body),
        **more,
    }


def _properties(run: ScenarioRun, body: Event) -> Event:
    return {"ServiceToken": "arn:…", "Account": run.account, "User": "platform", "Integration": body}


def _create_resource(run: ScenarioRun) -> Event:
    """Create a resource and return what CloudFormation adds to its next request."""
    run.deliver("custom_resource", _stack_request(run, "Create", _body(), 1))
    [item] = run.items()
    integration_id = ids.encode(integration_from_item(item).id)
    return {"PhysicalResourceId": integration_id, "OldResourceProperties": _properties(run, _body())}


def stack_create(run: ScenarioRun) -> Event:
    return _stack_request(run, "Create", _body(api_key_secret_arn=run.store_external_secret()), 1)


def stack_update(run: ScenarioRun) -> Event:
    return _stack_request(run, "Update", _body(name="second"), 2, **_create_resource(run))


def stack_account_change(run: ScenarioRun) -> Event:
    previous_account = replace(run, account=f"{run.account}-before")
    return _stack_request(run, "Update", _body(), 2, **_create_resource(previous_account))


def stack_delete(run: ScenarioRun) -> Event:
    return _stack_request(run, "Delete", _body(), 2, **_create_resource(run))


_SCENARIOS_BY_FUNCTION: dict[str, list[Callable[[ScenarioRun], Event]]] = {
    "provision": [
        create,
        create_with_secret_reference,
        create_with_taken_name,
        update,
        update_to_secret_reference,
        delete,
    ],
    "publish_changes": [publish_create, publish_rotation, publish_key_removal, publish_delete, publish_restore],
    "custom_resource": [stack_create, stack_update, stack_account_change, stack_delete],
}
SCENARIOS = {
    prepare.__name__: (function, prepare)
    for function, scenarios in _SCENARIOS_BY_FUNCTION.items()
    for prepare in scenarios
}
"""The function that gets the event, and the scenario, by the scenario's name."""
