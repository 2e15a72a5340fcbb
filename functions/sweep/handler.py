"""Remove orphaned secrets; on a schedule, or directly with {"dry_run": true}."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.sweep import sweep
from ai_integrations.contracts.direct_invocation import responds_with_problems
from ai_integrations.contracts.operator_commands import SweepCommand
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.contracts.published_events import SweepRan
from ai_integrations.observability import hide_exception_messages, logger, logs_invocation, metrics
from ai_integrations.use_cases.sweep import SweepPosition, SweepReport

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_RESERVE = 30_000  # milliseconds, to finish a page and to report

_sweeper, _records, _bus = sweep()


@logs_invocation(aws_calls)
@hide_exception_messages()
@responds_with_problems
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
    """Continue the current round while there is time. A dry run starts its own round and stores no position."""
    dry_run = parse_text(json.dumps(event), SweepCommand).dry_run
    position = SweepPosition() if dry_run else _records.load_position()
    report = _sweeper.run(position, dry_run=dry_run, has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE)
    if not dry_run:
        _records.store_position(report.position)
    return _publish(report, context.aws_request_id)


def _publish(report: SweepReport, run_id: str) -> dict[str, Any]:
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
    _bus.publish(ran)
    facts = ran.model_dump()
    logger.info("swept", **facts)
    metrics.add_metric("SecretsWithoutIntegration", MetricUnit.Count, len(report.secrets_without_integration))
    metrics.add_metric("IntegrationsWithoutSecret", MetricUnit.Count, len(report.integrations_without_secret))
    metrics.flush_metrics()
    return facts
