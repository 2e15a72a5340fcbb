"""The results of a connection test's steps."""

from ai_integrations.domain.connection_health import CheckStatus, Rung
from ai_integrations.key_access.connection_test.step_timer import StepTimer


def a_timer(seconds: float = 1.5) -> StepTimer:
    """Create the timer of a step that takes this many seconds."""
    times = iter([100.0, 100.0 + seconds])
    return StepTimer("reachable", lambda: next(times))


def test_step_reports_its_duration_in_milliseconds() -> None:
    assert a_timer().passed("Done.").latency_ms == 1500


def test_passed_step_reports_what_it_proved() -> None:
    expected = Rung(name="reachable", status=CheckStatus.PASSED, latency_ms=1500, proved="Done.")
    assert a_timer().passed("Done.") == expected
    assert a_timer().passed("Done.", "Not all.") == expected._replace(not_proved="Not all.")


def test_failed_and_inconclusive_steps_report_the_reason_and_the_message() -> None:
    expected = Rung(name="reachable", status=CheckStatus.FAILED, latency_ms=1500, not_proved="Lost.")
    assert a_timer().failed("Lost.") == expected
    assert a_timer().failed("Lost.", "No.") == expected._replace(provider_said="No.")
    expected = expected._replace(status=CheckStatus.NOT_PROVED)
    assert a_timer().inconclusive("Lost.") == expected
    assert a_timer().inconclusive("Lost.", "No.") == expected._replace(provider_said="No.")
