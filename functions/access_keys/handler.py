"""Issues, lists and revokes access keys; operators invoke it directly."""

from ai_integrations import cold_start

# isort: split
import json
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from ulid import ULID

from ai_integrations.access import AccessKey
from ai_integrations.bootstrap.access import access_keys
from ai_integrations.commands import (
    AccessKeyCommand,
    IssueAccessKey,
    ListAccessKeys,
    RevokeAccessKey,
    access_key_view,
)
from ai_integrations.errors import AccessKeyNotFoundError, AiIntegrationsError
from ai_integrations.http import problem
from ai_integrations.http.parsing import parse_text
from ai_integrations.observability import hiding_texts, logger

_access_keys = access_keys()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
@hiding_texts()
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Carry out one command of `ai_integrations.commands`; what is refused comes back as {"problem": …}."""
    try:
        return _carry_out(parse_text(json.dumps(event), AccessKeyCommand).root, datetime.now(UTC))
    except AiIntegrationsError as error:
        return {"problem": problem.document_of(error, context.aws_request_id)}


def _carry_out(command: IssueAccessKey | ListAccessKeys | RevokeAccessKey, now: datetime) -> dict[str, Any]:
    match command:
        case IssueAccessKey():
            access_key = AccessKey(
                id=str(ULID.from_datetime(now)), caller=command.holder(), created_at=now, expires_at=command.expires_at
            )
            key = _access_keys.issue(access_key)
            logger.info("access key issued", key_id=access_key.id, account=command.account)
            return {"access_key": key, **access_key_view(access_key)}
        case ListAccessKeys():
            return {"access_keys": [access_key_view(each) for each in _access_keys.list(command.account)]}
        case RevokeAccessKey():
            revoked = _access_keys.revoke(command.account, command.id, now)
            if revoked is None:
                raise AccessKeyNotFoundError
            logger.info("access key revoked", key_id=revoked.id, account=command.account)
            return access_key_view(revoked)
