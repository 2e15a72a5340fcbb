"""Every use case, every AWS call that it makes, every way in which the call can fail: one cell each.

The calls are those of an undisturbed run, so that a new call joins the matrix by itself. After the failure, the client
retries the request, the stream is processed, and a sweep runs after the grace period. Then all invariants must hold.
"""

from collections.abc import Iterable
from uuid import uuid4

import pytest

from tests.cloud import Killed
from tests.faults.account import Account, Request
from tests.faults.api_use_cases import API_USE_CASES
from tests.faults.background_use_cases import SCENARIO_USE_CASES, STREAM_AND_SCHEDULE_USE_CASES
from tests.faults.fault_injector import FAULTS, Fault
from tests.faults.federation_use_cases import FEDERATION_USE_CASES
from tests.faults.in_process_stack import InProcessStack
from tests.faults.invariants import find_violations
from tests.faults.matrix_summary import RecordProperty, record_cell
from tests.faults.resolve_use_cases import RESOLVE_USE_CASES
from tests.faults.role_use_cases import ROLE_USE_CASES
from tests.faults.use_case import UseCase

SERVER_ERRORS = {424, 429, 500, 503}
USE_CASES = (
    API_USE_CASES
    | ROLE_USE_CASES
    | FEDERATION_USE_CASES
    | RESOLVE_USE_CASES
    | STREAM_AND_SCHEDULE_USE_CASES
    | SCENARIO_USE_CASES
)
# The faults that leave the most behind always run; `make faults` runs the others as well.
SEVERE_FAULTS = ("timed out after its effect", "killed after its effect")
OTHER_FAULTS = tuple(FAULTS.keys() - SEVERE_FAULTS)
KILLS = ("killed", "killed after its effect")
# On the emulator, only these use cases always run.
EMULATOR_USE_CASES = ("create with key and Idempotency-Key", "patch of key", "delete with key")


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(SEVERE_FAULTS, id="severe faults"),
        pytest.param(OTHER_FAULTS, id="other faults", marks=pytest.mark.faults),
    ],
)
@pytest.mark.parametrize("name", USE_CASES)
def test_use_case_recovers_from_every_aws_failure(
    moto_stack: InProcessStack, name: str, faults: Iterable[str], record_property: RecordProperty
) -> None:
    run_row(moto_stack, name, faults, record_property)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in EMULATOR_USE_CASES else pytest.mark.faults) for name in USE_CASES],
)
def test_use_case_recovers_from_kills_on_the_emulator(
    emulator_stack: InProcessStack, name: str, record_property: RecordProperty
) -> None:
    run_row(emulator_stack, name, KILLS, record_property)


def run_row(stack: InProcessStack, name: str, faults: Iterable[str], record_property: RecordProperty) -> None:
    """Run all cells of a use case."""
    use_case = USE_CASES[name]
    calls = run_undisturbed(stack, use_case)
    assert calls
    cells = [(number, call, fault) for number, call in enumerate(calls, 1) for fault in faults]
    failures = []
    for number, call, fault in cells:
        if (fault, call) != ("denied", use_case.reported_denial):
            violations = run_cell(stack, use_case, number, FAULTS[fault])
            record_cell(record_property, name, call, is_broken=bool(violations))
            failures += [f"call {number}, {call}, {fault}: {violation}" for violation in violations]
    assert not failures, "\n".join(failures)


def run_undisturbed(stack: InProcessStack, use_case: UseCase) -> list[str]:
    """Run a use case without a failure, and list its AWS calls."""
    account = Account(stack, f"cell-{uuid4().hex}")
    request = use_case.prepare(account)
    stack.injector.calls.clear()
    assert request() in use_case.statuses
    calls = [*stack.injector.calls]
    stack.injector.stop()
    process_stream_and_sweep(stack)
    assert find_violations(stack.cloud, account.name, use_case.expected) == []
    stack.reset()
    return calls


def run_cell(stack: InProcessStack, use_case: UseCase, number: int, fault: Fault) -> list[str]:
    """Run a use case in which one call fails, retry it in new processes, and list the violated invariants."""
    account = Account(stack, f"cell-{uuid4().hex}")
    request = use_case.prepare(account)
    stack.track_used_functions()
    stack.injector.fail_call(number, fault)
    first = send(request)
    stack.injector.stop()
    stack.restart_used_functions()
    retry = request()
    process_stream_and_sweep(stack)
    violations = [
        *find_status_violations(use_case, first, retry),
        *find_violations(stack.cloud, account.name, use_case.expected),
        *(f"a key is in {text[:200]}" for text in stack.cloud.leaks()),
    ]
    stack.reset()
    return violations


def send(request: Request) -> int | None:
    """Send a request; None if the function was killed before it responded."""
    try:
        return request()
    except Killed:
        return None


def find_status_violations(use_case: UseCase, first: int | None, retry: int) -> list[str]:
    violations = []
    if first is not None and first not in use_case.statuses | SERVER_ERRORS:
        violations.append(f"the first response has status {first}")
    if retry not in use_case.statuses:
        violations.append(f"the retry has status {retry}, expected one of {sorted(use_case.statuses)}")
    return violations


def process_stream_and_sweep(stack: InProcessStack) -> None:
    stack.process_stream()
    assert stack.sweep(), stack.cloud.log()[-1]
    stack.process_stream()
