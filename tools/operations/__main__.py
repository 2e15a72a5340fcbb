"""Commands for operators, for the stack that --stack names; they use the AWS settings of the environment."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.operations.aws_failures import StackError, explained
from tools.operations.dead_changes import ADVICE, PROCESSED, SECONDS_HIDDEN, DeadChanges, FailedError, may_be_readable
from tools.operations.dead_letters import DeadLetters, DeadRequest
from tools.operations.message_queue import MessageQueue
from tools.operations.outputs import shell_assignments, stack_outputs
from tools.operations.sweep import LAMBDA_CONFIG, SweepFailedError, SweepFunction
from tools.operations.table_stream import TableStream

Outputs = Mapping[str, str]
Command = Callable[[Outputs], Iterable[str]]

CONFIRM_SWEEP = "confirm-sweep"  # the only command with an argument of its own
REMOVALS_MISSING = (
    "The number of removals is missing or invalid: make confirm-sweep REMOVALS=… (0 or more). "
    "make sweep-findings prints it as removals_left."
)
STACK_MISSING = "The name of the stack is missing: STACK=…"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and print its lines as they come."""
    parser = argparse.ArgumentParser(prog="python -m tools.operations", description=__doc__)
    parser.add_argument("command", choices=[CONFIRM_SWEEP, *COMMANDS])
    parser.add_argument("--stack", default="ai-integrations", help="default: %(default)s")
    parser.add_argument("--removals", default="", help=f"for {CONFIRM_SWEEP}: how many, see sweep-findings")
    options = parser.parse_args(arguments)
    if not options.stack:
        raise SystemExit(STACK_MISSING)
    if options.command == CONFIRM_SWEEP and not options.removals.isdecimal():
        raise SystemExit(REMOVALS_MISSING)
    commands: Mapping[str, Command] = {CONFIRM_SWEEP: partial(_confirm_sweep, options.removals), **COMMANDS}
    try:
        _run(commands[options.command], options.stack)
    except StackError as error:
        raise SystemExit(str(error)) from None
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(explained(error)) from None


def _run(command: Command, stack: str) -> None:
    """Print the lines of a command. To standard error, print the stack, and "none" if there is no line."""
    client = boto3.client("cloudformation")
    outputs = stack_outputs(client, stack)
    print(f"Stack {stack} in {client.meta.region_name}:", file=sys.stderr)
    printed = False
    for line in command(outputs):
        print(line, flush=True)
        printed = True
    if not printed:
        print("none", file=sys.stderr)


def _list_dead_requests(outputs: Outputs) -> Iterator[str]:
    return _json_lines(_dead_letters(outputs).look())


def _replay_requests(outputs: Outputs) -> Iterator[str]:
    return _json_lines(_dead_letters(outputs).replay())


def _replay_changes(outputs: Outputs) -> Iterator[str]:
    url = outputs["StreamDeadLetterQueueUrl"]
    dead_changes = DeadChanges(
        MessageQueue(boto3.client("sqs"), url, seconds_hidden=SECONDS_HIDDEN),
        TableStream(boto3.client("dynamodbstreams")),
        boto3.client("lambda"),
        outputs["PublishChangesFunctionName"],
    )
    left: list[Mapping[str, object]] = []
    try:
        for each in dead_changes.replay():
            if each["result"] != PROCESSED:
                left.append(each)
            yield json.dumps(each)
    except FailedError as error:
        raise SystemExit(
            f"The function failed at record {error} or one of the next ones. Its message and those after it are still "
            "in the queue. Find the cause in the log of publish-changes, then run this command again."
        ) from None
    if left:
        results = Counter(str(each["result"]) for each in left)
        advice = "\n".join(f"{count} {result}: {ADVICE[result]}" for result, count in results.items())
        raise SystemExit(f"Messages left in the queue:\n{advice}\n{_purge_advice(left, url)}")


def _purge_advice(left: Iterable[Mapping[str, object]], url: str) -> str:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    if any(may_be_readable(each, yesterday) for each in left):
        return "Do not delete messages yet: the stream may still contain changes of the last 24 hours."
    return f"To delete messages that will not be published: aws sqs purge-queue --queue-url {url}"


def _show_sweep_findings(outputs: Outputs) -> Iterator[str]:
    return _sweep_result(lambda: _sweep(outputs).dry_run())


def _confirm_sweep(removals: str, outputs: Outputs) -> Iterator[str]:
    return _sweep_result(lambda: _sweep(outputs).confirm(int(removals)))


def _sweep(outputs: Outputs) -> SweepFunction:
    return SweepFunction(boto3.client("lambda", config=LAMBDA_CONFIG), outputs["SweepFunctionName"])


def _sweep_result(command: Callable[[], Mapping[str, object]]) -> Iterator[str]:
    try:
        yield json.dumps(command(), indent=2)
    except SweepFailedError as error:
        raise SystemExit(str(error)) from None


def _dead_letters(outputs: Outputs) -> DeadLetters:
    return DeadLetters(
        boto3.client("sqs"),
        dead=outputs["ProvisioningDeadLetterQueueUrl"],
        requests=outputs["ProvisioningQueueUrl"],
    )


def _json_lines(found: Iterable[DeadRequest]) -> Iterator[str]:
    return (json.dumps(each.shown()) for each in found)


COMMANDS: Mapping[str, Command] = {
    "dead-requests": _list_dead_requests,
    "outputs": shell_assignments,
    "replay-changes": _replay_changes,
    "replay-requests": _replay_requests,
    "sweep-findings": _show_sweep_findings,
}


if __name__ == "__main__":
    main()
