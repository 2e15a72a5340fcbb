"""Many callers want one name at the same moment: one gets it, and nothing is left of the others."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from tools.local.aws import client

from tests.stack.conftest import Stack

RACERS = 64
ROUNDS = int(os.environ.get("RACE_ROUNDS", "1"))


def create(stack: Stack, key: str, name: str, start: Barrier) -> int:
    """Return the status of the answer."""
    start.wait(60)
    body = {"name": name, "provider": "openAI", "api_key": f"sk-fake-{uuid4().hex}"}
    answer, _ = stack.answered(key, "POST", "", body)
    return answer.status


def test_gives_a_name_to_one_of_many_racers(stack: Stack) -> None:
    account = f"races-{uuid4().hex[:8]}"
    key = stack.issue_key(account=account)
    secrets = client("secretsmanager", stack.deployment.endpoint)
    with ThreadPoolExecutor(RACERS) as racers:
        for number in range(1, ROUNDS + 1):
            start = Barrier(RACERS)
            answers = [racers.submit(create, stack, key, f"name {number}", start) for _ in range(RACERS)]
            assert Counter(each.result() for each in answers) == {201: 1, 409: RACERS - 1}
            left = secrets.get_paginator("list_secrets").paginate(MaxResults=100)
            mine = [each for page in left for each in page["SecretList"] if f"/{account}/" in each["Name"]]
            assert len(mine) == number
            print(f"round {number} of {ROUNDS}: one 201, {RACERS - 1} 409, one secret more")
