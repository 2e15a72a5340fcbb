"""Remove orphaned secrets and remind of old keys.

It runs on a schedule, or directly with {"dry_run": true} or {"confirm": 25}.
"""

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
from ai_integrations.domain.reminders import Reason
from ai_integrations.observability import describe, hide_exception_messages, logger, logs_invocation, metrics
from ai_integrations.use_cases.sweep import SweepPosition, SweepReport

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_RESERVE = 30_000  # milliseconds, to finish a page and to report
# The longest entries, an ARN with a name of 512 characters and a version, are below 700 bytes. CloudWatch Logs and
# EventBridge accept 256 KB: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
_ENTRIES_PER_LOG_LINE = 100
_ENTRIES_PER_EVENT = 50  # of each kind of finding
_LIMIT_METRICS = {Reason.DUE: "KeysDue", Reason.UNUSED: "KeysUnused"}

_sweeper, _limit, _records, _bus = sweep()


class IncompleteRunError(Exception):
    """Some removals or checks failed. The run has logged and published them, and continued."""


@logs_invocation(aws_calls)
@hide_exception_messages()
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Mapping[str, Any]:
    """Continue the current round while there is time, or confirm removals."""
    accepted = _accept(event, context)
    return _sweep(accepted, context) if isinstance(accepted, SweepCommand) else accepted


@responds_with_problems
def _accept(event: dict[str, Any], _context: "LambdaContext") -> SweepCommand | Mapping[str, Any]:
    """Parse a command. Carry it out if it confirms removals.

    Only the operator's mistakes are problems. Every error of a run is a function error, which an alarm watches.
    """
    command = parse_text(json.dumps(event), SweepCommand)
    return command if command.confirm is None else _confirm(command.confirm)


def _sweep(command: SweepCommand, context: "LambdaContext") -> Mapping[str, Any]:
    """Continue the current round. A dry run has a round of its own. It writes only to the log."""
    position = SweepPosition() if command.dry_run else _records.load_position()
    report = SweepReport(dry_run=command.dry_run, position=position)
    try:
        _sweeper.run(report, has_time=lambda: context.get_remaining_time_in_millis() > _RESERVE)
    finally:
        _record(report)
    ran = _event(report, context.aws_request_id)
    if not report.dry_run:
        _records.store_position(report.position)
        _bus.publish(ran)
        if report.has_failures():
            raise IncompleteRunError
    return ran.model_dump()


def _confirm(removals: int) -> Mapping[str, Any]:
    confirmed = _limit.confirm(removals)
    facts: dict[str, Any] = {"confirmed": removals, "until": confirmed.until.isoformat(timespec="seconds")}
    logger.info("removals confirmed", **facts)
    return facts


def _record(report: SweepReport) -> None:
    """Emit the metrics and log the findings, before anything else can fail."""
    if not report.dry_run:
        metrics.add_metric("SecretsWithoutIntegration", MetricUnit.Count, len(report.secrets_without_integration))
        metrics.add_metric("IntegrationsWithoutSecret", MetricUnit.Count, len(report.integrations_without_secret))
        metrics.add_metric("SweepStopped", MetricUnit.Count, int(report.stopped))
        for reason, count in report.reached_limits.items():
            metrics.add_metric(_LIMIT_METRICS[reason], MetricUnit.Count, count)
        metrics.flush_metrics()
    for kind, found in report.findings().items():
        for start in range(0, len(found), _ENTRIES_PER_LOG_LINE):
            entries = found[start : start + _ENTRIES_PER_LOG_LINE]
            logger.info("sweep findings", kind=kind, dry_run=report.dry_run, found=entries)
    for error in report.reminder_errors:
        logger.warning("reminders failed", **describe(error))
    logger.info("swept", **_counts(report))


def _event(report: SweepReport, run_id: str) -> SweepRan:
    samples = {kind: found[:_ENTRIES_PER_EVENT] for kind, found in report.findings().items()}
    return SweepRan.model_validate({"event_id": run_id, **_counts(report), **samples})


def _counts(report: SweepReport) -> dict[str, Any]:
    return {
        "dry_run": report.dry_run,
        "round_complete": report.position is None,
        "stopped": report.stopped,
        "secrets": report.secrets,
        "integrations": report.integrations,
        "removals": report.removals,
        "removals_left": report.removals_left,
        "keys_due": report.reached_limits[Reason.DUE],
        "keys_unused": report.reached_limits[Reason.UNUSED],
        **{f"{kind}_count": len(found) for kind, found in report.findings().items()},
    }
