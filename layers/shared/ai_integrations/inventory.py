"""All secrets and all integrations of a stack, page by page, for the sweep."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ai_integrations import items
from ai_integrations.dynamodb import from_wire, to_wire
from ai_integrations.model import Integration
from ai_integrations.sweeping import KeptSecret, Position
from ai_integrations.vault import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG, label

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import ListSecretsRequestTypeDef, SecretListEntryTypeDef

_SECRETS_A_PAGE = 100  # as many as Secrets Manager gives
_ITEMS_A_PAGE = 1000
_POSITION_KEY = {"pk": "SWEEP", "sk": "POSITION"}
_GONE = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
_RELEASED = _GONE | {"InvalidParameterException"}


class SecretInventory:
    """The secrets that are tagged as this stack's."""

    def __init__(self, client: "SecretsManagerClient", *, stack: str, recovery_days: int) -> None:
        self._client = client
        self._stack = stack
        self._recovery_days = recovery_days

    def page(self, token: str | None) -> tuple[list[KeptSecret], str | None]:
        """Return some secrets that do not wait to be deleted; a token that has had its time begins anew."""
        request: ListSecretsRequestTypeDef = {
            "MaxResults": _SECRETS_A_PAGE,
            "Filters": [{"Key": "tag-key", "Values": [STACK_TAG]}, {"Key": "tag-value", "Values": [self._stack]}],
        }
        if token is not None:
            request["NextToken"] = token
        try:
            answer = self._client.list_secrets(**request)
        except ClientError as error:
            if token is None or error.response["Error"]["Code"] != "InvalidNextTokenException":
                raise
            return self.page(None)
        kept = (self._kept(entry) for entry in answer["SecretList"])
        return [secret for secret in kept if secret], answer.get("NextToken")

    def is_usable(self, arn: str) -> bool:
        """Tell whether a secret is there and does not wait to be deleted."""
        try:
            return "DeletedDate" not in self._client.describe_secret(SecretId=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return False

    def retire(self, arn: str) -> None:
        """Delete a secret at the end of the recovery window."""
        try:
            self._client.delete_secret(SecretId=arn, RecoveryWindowInDays=self._recovery_days)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise

    def revive(self, arn: str) -> None:
        """Keep a secret from being deleted after all."""
        self._client.restore_secret(SecretId=arn)

    def release(self, arn: str, version: str) -> None:
        """Let go of one version of a secret, unless somebody has done so since it was listed."""
        try:
            self._client.update_secret_version_stage(
                SecretId=arn, VersionStage=label(version), RemoveFromVersionId=version
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _RELEASED:
                raise

    def _kept(self, entry: "SecretListEntryTypeDef") -> KeptSecret | None:
        """Return a secret if its tags say all that makes it this stack's: the filter looks at keys and values apart."""
        tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", ())}
        if tags.get(STACK_TAG) != self._stack or not {ACCOUNT_TAG, INTEGRATION_TAG} <= tags.keys():
            return None
        return KeptSecret(
            arn=entry["ARN"],
            account=tags[ACCOUNT_TAG],
            integration_id=tags[INTEGRATION_TAG],
            changed_at=entry["LastChangedDate"],
            versions=frozenset(
                version for version, labels in entry["SecretVersionsToStages"].items() if label(version) in labels
            ),
        )


class RecordInventory:
    """The integrations of all accounts that name a secret of the service's own, and how far the sweep has come."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def page(self, token: str | None) -> tuple[list[Integration], str | None]:
        """Return some integrations."""
        start = {"ExclusiveStartKey": json.loads(token)} if token else {}
        answer = self._client.scan(
            TableName=self._table,
            FilterExpression="begins_with(#sk, :prefix) AND attribute_exists(#secret_version)",
            ExpressionAttributeNames={"#sk": "sk", "#secret_version": "secret_version"},
            ExpressionAttributeValues=to_wire({":prefix": items.integration_key("", "")["sk"]}),
            Limit=_ITEMS_A_PAGE,
            **start,
        )
        following = answer.get("LastEvaluatedKey")
        integrations = [items.integration_of(from_wire(item)) for item in answer["Items"]]
        return integrations, json.dumps(following) if following else None

    def position(self) -> Position:
        """Return how far the last run has come."""
        answer = self._client.get_item(TableName=self._table, Key=to_wire(_POSITION_KEY), ConsistentRead=True)
        item = from_wire(answer.get("Item", {}))
        return Position(part=item["part"], token=item.get("token")) if item else Position()

    def remember(self, position: Position | None) -> None:
        """Keep how far a run has come; None is the end of a round."""
        if position is None:
            self._client.delete_item(TableName=self._table, Key=to_wire(_POSITION_KEY))
            return
        given = {name: value for name, value in position._asdict().items() if value is not None}
        self._client.put_item(TableName=self._table, Item=to_wire({**_POSITION_KEY, **given}))
