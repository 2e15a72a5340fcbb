"""Follows the table's stream: tidies what a write left, and tells the bus what has changed."""

from ai_integrations import cold_start

# isort: split
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.changes import change_publisher
from ai_integrations.observability import describe, logger

_publisher = change_publisher()

cold_start.end()


class UnpublishedError(Exception):
    """The first of several records has failed: Lambda is to halve the batch."""


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Handle a batch of the stream in its order, up to the first record that fails: from there it is tried again.

    A record that never succeeds ends up alone in its batch, so that it is given up alone.
    """
    records = event["Records"]
    for position, record in enumerate(records):
        try:
            _publisher.handle(record)
        except Exception as error:  # noqa: BLE001 - whatever it is, the records before it are done
            number = record["dynamodb"]["SequenceNumber"]
            logger.error("change not published", sequence_number=number, **describe(error))
            if position == 0 and len(records) > 1:
                raise UnpublishedError from None
            return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}
