"""An API client that retries until it gets a response, and makes each request safe to retry."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import UUID

from tests.cloud import Response
from tests.stack.conftest import Stack

NAMES = 60  # shared by all clients, so that some of them collide
MAX_INTEGRATIONS = 12  # per client


@dataclass(frozen=True, kw_only=True)
class ExpectedIntegration:
    """The state that the client expects of an integration, which no other client writes."""

    name: str
    key: str | None
    previous_key: str | None = None
    etag: str

    @property
    def version(self) -> int:
        return int(self.etag.strip('"').rpartition(".")[2])


@dataclass
class RetryingClient:
    """Writes its own integrations, in an account in which other clients compete for names."""

    stack: Stack
    access_key: str
    random: Random
    active: dict[str, ExpectedIntegration] = field(default_factory=dict)
    deleted: dict[str, ExpectedIntegration] = field(default_factory=dict)
    retries: int = 0

    def act(self) -> None:
        """Perform one random operation that is possible now."""
        changes = [self.rename, self.set_key, self.remove_key, self.set_models, self.rotate, self.roll_back]
        possible: list[Callable[[], None]] = [*changes, self.delete] if self.active else []
        possible += [self.restore] if self.deleted else []
        possible += [self.create] * (5 if len(self.active) < MAX_INTEGRATIONS else 0)
        self.random.choice(possible)()

    def create(self) -> None:
        name, key = self._random_name(), self.random.choice([None, self._random_key()])
        body = {"name": name, "provider": "openAI", **({"api_key": key} if key else {})}
        response = self._request("POST", "", body, idempotency_key=str(self._random_uuid()))
        if self._succeeded(response, HTTPStatus.CREATED):
            self.active[response.body["id"]] = ExpectedIntegration(name=name, key=key, etag=response.headers["etag"])

    def rename(self) -> None:
        name = self._random_name()
        self._change("PATCH", "", {"name": name}, lambda expected: replace(expected, name=name))

    def set_key(self) -> None:
        key = self._random_key()
        self._change("PATCH", "", {"api_key": key}, lambda expected: replace(expected, key=key, previous_key=None))

    def remove_key(self) -> None:
        self._change("PATCH", "", {"api_key": None}, lambda expected: replace(expected, key=None, previous_key=None))

    def set_models(self) -> None:
        self._change("PATCH", "", {"model_names": [f"model-{self._random_uuid()}"]}, lambda expected: expected)

    def rotate(self) -> None:
        key = self._random_key()

        def rotated(expected: ExpectedIntegration) -> ExpectedIntegration:
            return replace(expected, key=key, previous_key=expected.key)

        self._change("POST", "/key-rotations", {"api_key": key}, rotated)

    def roll_back(self) -> None:
        def rolled_back(expected: ExpectedIntegration) -> ExpectedIntegration:
            return replace(expected, key=expected.previous_key, previous_key=None)

        self._change("POST", "/key-rotations/rollback", None, rolled_back)

    def delete(self) -> None:
        id_, expected = self._choose(self.active)
        response, retried = self.stack.request_with_retries(
            self.access_key, "DELETE", f"/{id_}", if_match=expected.etag
        )
        self.retries += retried
        deleted_by_first_attempt = retried and response.status == HTTPStatus.NOT_FOUND
        assert response.status == HTTPStatus.NO_CONTENT or deleted_by_first_attempt, response.text
        self.deleted[id_] = self.active.pop(id_)

    def restore(self) -> None:
        id_, expected = self._choose(self.deleted)
        response = self._request("POST", f"/{id_}/restore")
        if self._succeeded(response, HTTPStatus.OK):
            del self.deleted[id_]
            self.active[id_] = replace(expected, etag=response.headers["etag"])

    def _change(
        self, method: str, path: str, body: object, apply: Callable[[ExpectedIntegration], ExpectedIntegration]
    ) -> None:
        """Make a conditional change. A retry that fails with 412 means that an earlier attempt committed."""
        id_, expected = self._choose(self.active)
        response, retried = self.stack.request_with_retries(
            self.access_key, method, f"/{id_}{path}", body, if_match=expected.etag
        )
        self.retries += retried
        response_was_lost = retried and response.status == HTTPStatus.PRECONDITION_FAILED
        if response_was_lost:
            response = self._request("GET", f"/{id_}")
        if self._succeeded(response, HTTPStatus.OK):
            changed = replace(apply(expected), etag=response.headers["etag"])
            assert not response_was_lost or changed.version == expected.version + 1, "another client wrote to it"
            self.active[id_] = changed

    def _request(self, *request: Any, **headers: str) -> Response:
        response, retried = self.stack.request_with_retries(self.access_key, *request, **headers)
        self.retries += retried
        return response

    @staticmethod
    def _succeeded(response: Response, expected: HTTPStatus) -> bool:
        """Return false on a conflict: a name may be taken, and a key or a previous key may be missing."""
        assert response.status in {expected, HTTPStatus.CONFLICT}, response.text
        return response.status == expected

    def _choose(self, integrations: dict[str, ExpectedIntegration]) -> tuple[str, ExpectedIntegration]:
        return self.random.choice(sorted(integrations.items(), key=lambda each: each[0]))

    def _random_name(self) -> str:
        return self.random.choice(["name {}", "NAME {}"]).format(self.random.randrange(NAMES))

    def _random_key(self) -> str:
        return f"sk-fake-{self._random_uuid().hex}"

    def _random_uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))
