"""Process the table's stream (the transactional outbox): clean up secrets and publish change events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.aws_failures import may_succeed_later
from ai_integrations.adapters.dynamodb.stream import dead_letter, parse_record
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.publish_changes import change_publishing
from ai_integrations.observability import describe, log_texts, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_publisher, _dead_letters = change_publishing()


class UnpublishedError(Exception):
    """Fail the whole batch so that Lambda bisects it: there is no checkpoint before the first record."""


@logs_invocation(aws_calls)
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Handle a batch of the stream in order, up to the first record for which AWS fails. Lambda retries from there.

    Bisection isolates that record in a batch of its own, so that it alone is discarded when it is too old.
    """
    records = event["Records"]
    for position, record in enumerate(records):
        _log_item(record)
        try:
            _publish_or_dead_letter(record)
        except Exception as error:  # noqa: BLE001 - Lambda must not retry the records before it
            number = record["dynamodb"]["SequenceNumber"]
            logger.error("change not published", sequence_number=number, **describe(error))
            if position == 0 and len(records) > 1:
                raise UnpublishedError from None
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}


def _publish_or_dead_letter(record: Mapping[str, Any]) -> None:
    """Process one record. Send a poison record to the dead-letter queue, so that it does not block the stream."""
    try:
        _publisher.handle(parse_record(record))
    except Exception as error:
        if may_succeed_later(error):
            raise
        logger.error("poison record", sequence_number=record["dynamodb"]["SequenceNumber"], **describe(error))
        _dead_letters.send(dead_letter(record))


def _log_item(record: Mapping[str, Any]) -> None:
    """Log the key of the changed item. It contains the account and the id of the integration."""
    keys = record["dynamodb"].get("Keys", {})
    log_texts(keys.get("pk"), pk="S")
    log_texts(keys.get("sk"), sk="S")
