"""Commands for operators, for the stack that --stack names; they use the AWS settings of the environment."""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import boto3

from tools.operations.dead_letters import DeadLetters, DeadRequest
from tools.operations.outputs import shell_assignments, stack_outputs

Outputs = Mapping[str, str]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and print its lines as they come."""
    parser = argparse.ArgumentParser(prog="python -m tools.operations", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--stack", default="ai-integrations", help="default: %(default)s")
    options = parser.parse_args(arguments)
    outputs = stack_outputs(boto3.client("cloudformation"), options.stack)
    for line in COMMANDS[options.command](outputs):
        print(line)


def _list_dead_requests(outputs: Outputs) -> Iterator[str]:
    return _json_lines(_dead_letters(outputs).look())


def _replay_requests(outputs: Outputs) -> Iterator[str]:
    return _json_lines(_dead_letters(outputs).replay())


def _dead_letters(outputs: Outputs) -> DeadLetters:
    return DeadLetters(
        boto3.client("sqs"),
        dead=outputs["ProvisioningDeadLetterQueueUrl"],
        requests=outputs["ProvisioningQueueUrl"],
    )


def _json_lines(found: Iterable[DeadRequest]) -> Iterator[str]:
    return (json.dumps(each.shown()) for each in found)


COMMANDS: Mapping[str, Callable[[Outputs], Iterable[str]]] = {
    "dead-requests": _list_dead_requests,
    "outputs": shell_assignments,
    "replay-requests": _replay_requests,
}


if __name__ == "__main__":
    main()
