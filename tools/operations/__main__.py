"""The command line: `python -m operations dead-requests | replay-requests [--stack NAME]`, with AWS's own settings."""

import argparse
import json
from collections.abc import Iterable, Sequence

import boto3

from tools.operations.dead_letters import DeadLetters, DeadRequest

COMMANDS = {"dead-requests": DeadLetters.look, "replay-requests": DeadLetters.replay}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print each request that is looked at or replayed, one JSON object a line."""
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--stack", default="ai-integrations", help="default: %(default)s")
    options = parser.parse_args(arguments)
    found: Iterable[DeadRequest] = COMMANDS[options.command](_dead_letters(options.stack))
    for dead in found:
        print(json.dumps(dead.shown()))


def _dead_letters(stack: str) -> DeadLetters:
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    return DeadLetters(
        boto3.client("sqs"), dead=outputs["ProvisioningDeadLetterQueueUrl"], requests=outputs["ProvisioningQueueUrl"]
    )


if __name__ == "__main__":
    main()
