"""The commands with which operators list and replay the requests in the provisioning dead-letter queue."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tools.operations.dead_letters import DeadLetters

from tests.builders import API_KEY
from tests.cloud import Cloud

HEADER = "fake-header-value-0123456789"


class QueuesFixture:
    """The queue of requests and its dead-letter queue."""

    def __init__(self, cloud: Cloud) -> None:
        self._sqs = cloud.sqs
        self.dead, self.requests = (cloud.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "requests"))
        self.dead_letters = DeadLetters(cloud.sqs, dead=self.dead, requests=self.requests)

    def add_dead(self, *bodies: str) -> None:
        for body in bodies:
            self._sqs.send_message(QueueUrl=self.dead, MessageBody=body)

    def receive(self, url: str) -> list[str]:
        return [each["Body"] for each in self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]


@pytest.fixture
def queues(cloud: Cloud) -> QueuesFixture:
    return QueuesFixture(cloud)


def a_message(number: int, **parts: Any) -> str:
    detail = {
        "request_id": f"request-{number}",
        "account": "acme",
        "integration": {"headers": {"X-Key": HEADER}},
        **parts,
    }
    return json.dumps({"id": f"event-{number}", "detail-type": "AI Integration Create Requested", "detail": detail})


def test_dead_requests_lists_every_request_without_its_content_and_leaves_it_in_the_queue(
    queues: QueuesFixture,
) -> None:
    queues.add_dead(*[a_message(number) for number in range(12)])
    for _ in range(2):
        listed = [each.shown() for each in queues.dead_letters.look()]
        assert sorted(each["request_id"] for each in listed) == sorted(f"request-{number}" for number in range(12))
    assert {each["account"] for each in listed} == {"acme"}
    assert listed[0].keys() == {"sent_at", "detail_type", "account", "request_id", "event_id"}
    assert HEADER not in json.dumps(listed)


@pytest.mark.parametrize("body", ["not JSON", "[]", "{}", json.dumps({"detail": API_KEY})])
def test_dead_requests_lists_unparseable_messages(queues: QueuesFixture, body: str) -> None:
    queues.add_dead(body)
    [dead] = queues.dead_letters.look()
    assert (dead.shown()["account"], dead.shown()["request_id"]) == (None, None)
    assert API_KEY not in json.dumps(dead.shown())


def test_replay_moves_a_message_once_if_it_comes_back_to_the_dead_letter_queue(queues: QueuesFixture) -> None:
    queues.add_dead(a_message(1), a_message(2))
    moved = []
    for each in queues.dead_letters.replay():
        moved.append(each.shown()["request_id"])
        assert len(moved) <= 2
        queues.add_dead(each.message["Body"])
    assert sorted(moved) == ["request-1", "request-2"]
    assert len(queues.dead_letters.look()) == 2


def test_replay_that_is_interrupted_leaves_the_other_messages_visible(queues: QueuesFixture) -> None:
    queues.add_dead(a_message(1), a_message(2), a_message(3))
    replay = queues.dead_letters.replay()
    next(replay)
    replay.close()  # type: ignore[attr-defined]
    assert len(queues.dead_letters.look()) == 2
    assert len(queues.receive(queues.requests)) == 1


def test_replay_that_cannot_send_leaves_every_message_in_the_dead_letter_queue(
    queues: QueuesFixture, cloud: Cloud
) -> None:
    queues.add_dead(a_message(1), a_message(2))
    cloud.sqs.delete_queue(QueueUrl=queues.requests)
    with pytest.raises(ClientError):
        list(queues.dead_letters.replay())
    assert len(queues.dead_letters.look()) == 2


def test_replay_moves_every_message_back_to_the_queue_of_requests(queues: QueuesFixture) -> None:
    queues.add_dead(a_message(1), a_message(2), "not JSON")
    assert len(list(queues.dead_letters.replay())) == 3
    assert queues.dead_letters.look() == []
    assert sorted(queues.receive(queues.requests)) == sorted([a_message(1), a_message(2), "not JSON"])
