"""Many callers create an integration with the same name at once: one succeeds, and the others leave no secret behind.

RACE_ROUNDS raises the number of rounds.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from tools.local.aws import client

from tests.stack.conftest import Stack

CALLERS = 64
ROUNDS = int(os.environ.get("RACE_ROUNDS", "1"))


def create(stack: Stack, key: str, name: str, start: Barrier) -> int:
    """Create an integration once all callers are ready, and return the status."""
    start.wait(60)
    body = {"name": name, "provider": "openAI", "api_key": f"sk-fake-{uuid4().hex}"}
    response, _ = stack.request_with_retries(key, "POST", "", body)
    return response.status


def test_concurrent_creates_with_one_name_succeed_once_and_leave_no_other_secret(stack: Stack) -> None:
    account = f"races-{uuid4().hex[:8]}"
    key = stack.issue_key(account=account)
    secrets = client("secretsmanager", stack.deployment.endpoint)
    with ThreadPoolExecutor(CALLERS) as pool:
        for number in range(1, ROUNDS + 1):
            start = Barrier(CALLERS)
            statuses = [pool.submit(create, stack, key, f"name {number}", start) for _ in range(CALLERS)]
            assert Counter(each.result() for each in statuses) == {201: 1, 409: CALLERS - 1}
            pages = secrets.get_paginator("list_secrets").paginate(MaxResults=100)
            owned = [each for page in pages for each in page["SecretList"] if f"/{account}/" in each["Name"]]
            assert len(owned) == number
            print(f"round {number} of {ROUNDS}: one 201, {CALLERS - 1} 409, one new secret")
