"""What operators do with requests that could not be carried out."""

import json
from typing import Any

import pytest
from tools.operations.dead_letters import DeadLetters

from tests.builders import API_KEY
from tests.cloud import Cloud

HEADER = "fake-header-value-0123456789"


class Queues:
    def __init__(self, cloud: Cloud) -> None:
        self._sqs = cloud.sqs
        self.dead, self.requests = (cloud.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "requests"))
        self.letters = DeadLetters(cloud.sqs, dead=self.dead, requests=self.requests)

    def put_aside(self, *bodies: str) -> None:
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.dead, MessageBody=body)

    def bodies(self, url: str) -> list[str]:
        return [each["Body"] for each in self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]


@pytest.fixture
def queues(cloud: Cloud) -> Queues:
    return Queues(cloud)


def a_body(number: int, **parts: Any) -> str:
    detail = {
        "request_id": f"request-{number}",
        "account": "acme",
        "integration": {"headers": {"X-Key": HEADER}},
        **parts,
    }
    return json.dumps({"id": f"event-{number}", "detail-type": "AI Integration Create Requested", "detail": detail})


def test_shows_what_tells_one_from_another_and_leaves_it(queues: Queues) -> None:
    queues.put_aside(*[a_body(number) for number in range(12)])
    for _ in range(2):
        shown = [each.shown() for each in queues.letters.look()]
        assert sorted(each["request_id"] for each in shown) == sorted(f"request-{number}" for number in range(12))
    assert {each["account"] for each in shown} == {"acme"}
    assert shown[0].keys() == {"sent_at", "detail_type", "account", "request_id", "event_id"}
    assert HEADER not in json.dumps(shown)


@pytest.mark.parametrize("body", ["not JSON", "[]", "{}", json.dumps({"detail": API_KEY})])
def test_shows_as_much_as_there_is_of_what_is_no_request(queues: Queues, body: str) -> None:
    queues.put_aside(body)
    [dead] = queues.letters.look()
    assert (dead.shown()["account"], dead.shown()["request_id"]) == (None, None)
    assert API_KEY not in json.dumps(dead.shown())


def test_puts_every_request_back_into_its_queue(queues: Queues) -> None:
    queues.put_aside(a_body(1), a_body(2), "not JSON")
    assert len(list(queues.letters.replay())) == 3
    assert queues.letters.look() == []
    assert sorted(queues.bodies(queues.requests)) == sorted([a_body(1), a_body(2), "not JSON"])
