"""What the event-driven functions are asked for: each story prepares an account and returns the event to deliver."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ai_integrations.adapters.dynamodb.attributes import from_wire
from ai_integrations.adapters.dynamodb.items import integration_from_item
from ai_integrations.contracts import ids
from ai_integrations.domain.model import Integration, SecretVersion, Tombstone
from tests.builders import API_KEY, NOON, an_integration
from tests.cloud import Cloud
from tests.streams import a_record

Event = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of a story, in an account that nobody else uses."""

    cloud: Cloud
    account: str
    answers_url: str
    deliver: Callable[[str, Event], None]

    def items(self) -> list[dict[str, Any]]:
        """Return the items of the account, the guards of requests left out: they repeat what the others say."""
        answer = self.cloud.dynamodb.query(
            TableName=self.cloud.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"ACCOUNT#{self.account}"}},
        )
        mine = map(from_wire, answer["Items"])
        return [item for item in mine if not item["sk"].startswith(("IDEMPOTENCY#", "NAME#"))]

    def secrets(self) -> list[Any]:
        """Return the secrets that carry the account in their name, and which labels their versions have."""
        found = self.cloud.secrets_manager.list_secrets(IncludePlannedDeletion=True)["SecretList"]
        mine = [each for each in found if self.account in each["Name"]]
        return [(each["Name"], "DeletedDate" in each, each["SecretVersionsToStages"]) for each in mine]

    def keep(self, name: str, tags: dict[str, str]) -> SecretVersion:
        """Keep a secret in Secrets Manager and return its first version."""
        pairs: Any = [{"Key": tag, "Value": value} for tag, value in tags.items()]
        made = self.cloud.secrets_manager.create_secret(
            Name=f"{name}/{self.account}", SecretString=API_KEY, Tags=pairs, ClientRequestToken=_version(1)
        )
        return SecretVersion(arn=made["ARN"], version=made["VersionId"])

    def keep_for_account(self) -> str:
        return self.keep("theirs", {"ai-integrations:account": self.account}).arn


def _version(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def _requested(run: Run, what: str, *, request_id: str = "request-2", **parts: Any) -> Event:
    detail = {"request_id": request_id, "account": run.account, "user": "platform", **parts}
    envelope = {"id": "event-1", "detail-type": f"AI Integration {what} Requested", "detail": detail}
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


def _with_one(run: Run) -> str:
    """Create an integration, and return its id."""
    run.deliver("provision", _requested(run, "Create", request_id="request-1", integration=_body()))
    [item] = [item for item in run.items() if item["sk"].startswith("INTEGRATION#")]
    return ids.encode(item["id"])


def create(run: Run) -> Event:
    return _requested(run, "Create", integration=_body())


def create_referring(run: Run) -> Event:
    return _requested(run, "Create", integration=_body(api_key_secret_arn=run.keep_for_account()))


def create_with_taken_name(run: Run) -> Event:
    _with_one(run)
    return create(run)


def update(run: Run) -> Event:
    return _requested(run, "Update", id=_with_one(run), integration={"name": "second"})


def update_referring(run: Run) -> Event:
    arn = run.keep_for_account()
    return _requested(run, "Update", id=_with_one(run), integration={"api_key_secret_arn": arn})


def delete(run: Run) -> Event:
    return _requested(run, "Delete", id=_with_one(run))


def _keyed(run: Run) -> Integration:
    secret = run.keep("own", {})
    return an_integration(account=run.account, updated_by="alice", secret=secret)


def created(run: Run) -> Event:
    return {"Records": [a_record(None, _keyed(run)), a_record(None, an_integration(account=run.account, id="2"))]}


def rotated(run: Run) -> Event:
    before = _keyed(run)
    assert before.secret is not None
    run.cloud.secrets_manager.put_secret_value(
        SecretId=before.secret.arn,
        ClientRequestToken=_version(2),
        SecretString="sk-fake-second",
        VersionStages=[f"ai-integrations-{_version(2)}"],
    )
    after = replace(before, version=2, name="second", secret=before.secret._replace(version=_version(2)))
    return {"Records": [a_record(before, after)]}


def removed_key(run: Run) -> Event:
    before = _keyed(run)
    return {"Records": [a_record(before, replace(before, version=2, secret=None))]}


def deleted(run: Run) -> Event:
    tombstone = Tombstone(
        integration=_keyed(run), deleted_at=NOON, deleted_by="bob", expires_at=NOON + timedelta(days=30)
    )
    return {"Records": [a_record(None, tombstone)]}


def restored(run: Run) -> Event:
    integration = _keyed(run)
    assert integration.secret is not None
    run.cloud.secrets_manager.delete_secret(SecretId=integration.secret.arn)
    return {"Records": [a_record(None, replace(integration, version=2))]}


def _declared(run: Run, request_type: str, body: Event, number: int, **more: Any) -> Event:
    return {
        "RequestType": request_type,
        "ResponseURL": run.answers_url,
        "StackId": f"stack-of-{run.account}",
        "RequestId": f"request-{number}",
        "LogicalResourceId": "Llm",
        "ResourceProperties": _properties(run, body),
        **more,
    }


def _properties(run: Run, body: Event) -> Event:
    return {"ServiceToken": "arn:…", "Account": run.account, "User": "platform", "Integration": body}


def _declared_before(run: Run) -> Event:
    run.deliver("custom_resource", _declared(run, "Create", _body(), 1))
    [item] = run.items()
    named = ids.encode(integration_from_item(item).id)
    return {"PhysicalResourceId": named, "OldResourceProperties": _properties(run, _body())}


def stack_creates(run: Run) -> Event:
    return _declared(run, "Create", _body(api_key_secret_arn=run.keep_for_account()), 1)


def stack_updates(run: Run) -> Event:
    return _declared(run, "Update", _body(name="second"), 2, **_declared_before(run))


def stack_replaces(run: Run) -> Event:
    other = replace(run, account=f"{run.account}-before")
    return _declared(run, "Update", _body(), 2, **_declared_before(other))


def stack_deletes(run: Run) -> Event:
    return _declared(run, "Delete", _body(), 2, **_declared_before(run))


STORIES: dict[str, tuple[str, Callable[[Run], Event]]] = {
    **{
        story.__name__: ("provision", story)
        for story in (create, create_referring, create_with_taken_name, update, update_referring, delete)
    },
    **{story.__name__: ("publish_changes", story) for story in (created, rotated, removed_key, deleted, restored)},
    **{
        story.__name__: ("custom_resource", story)
        for story in (stack_creates, stack_updates, stack_replaces, stack_deletes)
    },
}
