"""Looks for what failures left behind; on a schedule, or directly with {"dry_run": true}."""

from ai_integrations import cold_start

# isort: split
import json
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from ai_integrations.bootstrap.sweep import sweep
from ai_integrations.commands import SweepCommand
from ai_integrations.errors import AiIntegrationsError
from ai_integrations.events import SweepRan
from ai_integrations.http import problem
from ai_integrations.http.parsing import parse_text
from ai_integrations.observability import hiding_texts, logger, metrics
from ai_integrations.sweeping import Position, Report

_RESERVE = 30_000  # milliseconds that are kept to finish a page and to report

_parts = sweep()

cold_start.end()


@logger.inject_lambda_context(clear_state=True)
@hiding_texts()
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Go on with the present round for as long as there is time; a dry run begins its own and remembers nothing."""
    try:
        dry_run = parse_text(json.dumps(event), SweepCommand).dry_run
    except AiIntegrationsError as error:
        return {"problem": problem.document_of(error, context.aws_request_id)}
    position = Position() if dry_run else _parts.records.position()
    report = _parts.sweeper.run(
        position, dry_run=dry_run, has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE
    )
    if not dry_run:
        _parts.records.remember(report.position)
    return _told(report, context.aws_request_id)


def _told(report: Report, run_id: str) -> dict[str, Any]:
    ran = SweepRan(
        event_id=run_id,
        dry_run=report.dry_run,
        round_complete=report.position is None,
        secrets=report.secrets,
        integrations=report.integrations,
        secrets_without_integration=report.secrets_without_integration,
        versions_without_integration=report.versions_without_integration,
        integrations_without_secret=report.integrations_without_secret,
    )
    _parts.bus.publish(ran)
    facts = ran.model_dump()
    logger.info("swept", **facts)
    metrics.add_metric("SecretsWithoutIntegration", MetricUnit.Count, len(report.secrets_without_integration))
    metrics.add_metric("IntegrationsWithoutSecret", MetricUnit.Count, len(report.integrations_without_secret))
    metrics.flush_metrics()
    return facts
