"""Carries out requests that come by event: bus, queue, this function, and the outcome on the bus."""

from ai_integrations import cold_start

# isort: split
import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from ai_integrations.bootstrap.provisioning import provisioner, queue
from ai_integrations.observability import describe, logger

_provisioner = provisioner()
_queue = queue()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of the queue; each message that failed comes back later and, in the end, in the dead letters."""
    failed = [record["messageId"] for record in event["Records"] if not _handled(record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handled(record: Mapping[str, Any]) -> bool:
    message_id = record["messageId"]
    try:
        outcome = _provisioner.handle(json.loads(record["body"]))
    except Exception as error:  # noqa: BLE001 - one message must not hold up the others
        logger.error("request not carried out", message_id=message_id, **describe(error))
        _delay(record)
        return False
    logger.info("request carried out", message_id=message_id, outcome=outcome.detail_type, request=outcome.request_id)
    return True


def _delay(record: Mapping[str, Any]) -> None:
    try:
        _queue.delay(record)
    except (BotoCoreError, ClientError) as error:
        logger.warning("request not delayed", message_id=record["messageId"], **describe(error))
