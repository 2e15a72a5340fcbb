"""Seed data for the files of events/: `make seeds` creates what they refer to, `make seeds EMPTY=1` deletes it.

The data is an integration with a provider key, a consumer, an access key to authenticate with, and one to revoke. Both
commands register the senders of the events.
"""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import EndpointConnectionError
from pydantic import SecretStr
from tools.local import aws, connection
from tools.local.deployment import Deployment
from tools.local.errors import LocalStackError
from tools.local.workspace import ROOT

from ai_integrations.adapters.dynamodb.access_keys import AccessKeys
from ai_integrations.adapters.dynamodb.consumers import DynamoDbConsumers
from ai_integrations.adapters.dynamodb.integrations import DynamoDbIntegrations
from ai_integrations.adapters.dynamodb.senders import DynamoDbSenders
from ai_integrations.adapters.dynamodb.transactions import Transactor
from ai_integrations.adapters.secrets_manager.key_store import SecretsManagerKeyStore
from ai_integrations.domain.model import AccessKey
from tests.builders import API_KEY, a_caller, a_consumer, a_source, an_event, an_integration, the_stacks

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

ACCOUNT = "acme"
KEY_OWNER = {"account": ACCOUNT, "user": "alice", "role": "admin"}


@dataclass(frozen=True, kw_only=True)
class SeedAccount:
    """The account of the events in one stack. `variables` are those of the function `api`."""

    dynamodb: "DynamoDBClient"
    secrets_manager: "SecretsManagerClient"
    variables: dict[str, str]

    def empty(self) -> None:
        """Delete its integrations, their keys, and its consumers."""
        table = self.variables["TABLE_NAME"]
        partitions = (f"ACCOUNT#{ACCOUNT}", f"CONSUMERS#{ACCOUNT}")
        for item in self.dynamodb.scan(TableName=table)["Items"]:
            if item["pk"]["S"] in partitions or item["sk"]["S"] == f"ACCOUNT#{ACCOUNT}":
                self.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})
        prefix = f"{self.variables['SECRET_PREFIX']}/{ACCOUNT}/"
        for secret in self.secrets_manager.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
            if secret["Name"].startswith(prefix):
                self.secrets_manager.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)

    def register_senders(self) -> None:
        """Register the source and the stack of the events."""
        senders = DynamoDbSenders(self.dynamodb, self.variables["TABLE_NAME"])
        for sender in (a_source(account=ACCOUNT), the_stacks(account=ACCOUNT)):
            senders.register(sender)

    def create_seeds(self) -> str:
        """Create what the events refer to. Returns the access key that `access_keys_revoke` revokes."""
        table = self.variables["TABLE_NAME"]
        prefix, key_id = self.variables["SECRET_PREFIX"], self.variables["SECRET_KMS_KEY_ID"]
        key_store = SecretsManagerKeyStore(self.secrets_manager, prefix=prefix, kms_key_id=key_id)
        integration = an_integration(account=ACCOUNT)
        stored = replace(integration, secret=key_store.create_key(integration, SecretStr(API_KEY)))
        transactor = Transactor(self.dynamodb, table)
        DynamoDbIntegrations(self.dynamodb, table, transactor).insert(stored, None)
        DynamoDbConsumers(self.dynamodb, table, transactor).insert(a_consumer(account=ACCOUNT, name="Billing job"))
        self._store_hash(an_event("authorizer_valid")["authorizationToken"].removeprefix("Bearer "))
        to_revoke = AccessKey(id=an_event("access_keys_revoke")["id"], caller=a_caller(), created_at=datetime.now(UTC))
        return AccessKeys(self.dynamodb, table).issue(to_revoke)

    def _store_hash(self, key: str) -> None:
        """Store the hash of the fixed access key in events/authorizer_valid.json, in the format of the table."""
        item: dict[str, Any] = {name: {"S": value} for name, value in KEY_OWNER.items()}
        item |= {"pk": {"S": f"ACCESSKEY#{sha256(key.encode()).hexdigest()}"}, "sk": {"S": "ACCESSKEY"}}
        self.dynamodb.put_item(TableName=self.variables["TABLE_NAME"], Item={**item, "memberships": {"L": []}})


def account_of_stack(endpoint: str) -> SeedAccount:
    """Find the account in a running local stack."""
    return SeedAccount(
        dynamodb=aws.client("dynamodb", endpoint),
        secrets_manager=aws.client("secretsmanager", endpoint),
        variables=Deployment(endpoint=endpoint).environments()["ApiFunction"],
    )


def main(arguments: list[str]) -> None:
    """Replace the data of the account on the running local stack."""
    try:
        account = account_of_stack(connection.read(ROOT / ".local" / "connection.env")["AWS_ENDPOINT_URL"])
    except EndpointConnectionError:
        sys.exit(connection.NOT_RUNNING)
    except LocalStackError as error:
        sys.exit(str(error))
    account.empty()
    account.register_senders()
    if arguments != ["empty"]:
        account.create_seeds()
    sys.stdout.write(f"The account {ACCOUNT} {'is empty' if arguments else 'has the data of events/'}.\n")


if __name__ == "__main__":
    main(sys.argv[1:])
