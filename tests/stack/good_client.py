"""A client as it should be: it asks again until it has an answer, and so that asking twice does no harm."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import UUID

from tests.cloud import Response
from tests.stack.conftest import Stack

NAMES = 60  # for all clients: some have to meet
MOST = 12  # integrations of one client


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the client believes of one integration; nobody else writes it."""

    name: str
    key: str | None
    former: str | None = None
    etag: str

    @property
    def version(self) -> int:
        return int(self.etag.strip('"').rpartition(".")[2])


@dataclass
class GoodClient:
    """Writes some integrations of its own in an account where others take names as well."""

    stack: Stack
    access_key: str
    random: Random
    there: dict[str, Known] = field(default_factory=dict)
    deleted: dict[str, Known] = field(default_factory=dict)
    asked_again: int = 0

    def act(self) -> None:
        """Do one thing of those that can be done."""
        changes = [self.rename, self.set_key, self.remove_key, self.set_something, self.rotate, self.roll_back]
        possible: list[Callable[[], None]] = [*changes, self.delete] if self.there else []
        possible += [self.restore] if self.deleted else []
        possible += [self.create] * (5 if len(self.there) < MOST else 0)
        self.random.choice(possible)()

    def create(self) -> None:
        name, key = self._a_name(), self.random.choice([None, self._a_key()])
        body = {"name": name, "provider": "openAI", **({"api_key": key} if key else {})}
        answer = self._ask("POST", "", body, idempotency_key=str(self._an_id()))
        if self._is(answer, HTTPStatus.CREATED):
            self.there[answer.body["id"]] = Known(name=name, key=key, etag=answer.headers["etag"])

    def rename(self) -> None:
        name = self._a_name()
        self._change("PATCH", "", {"name": name}, lambda known: replace(known, name=name))

    def set_key(self) -> None:
        key = self._a_key()
        self._change("PATCH", "", {"api_key": key}, lambda known: replace(known, key=key, former=None))

    def remove_key(self) -> None:
        self._change("PATCH", "", {"api_key": None}, lambda known: replace(known, key=None, former=None))

    def set_something(self) -> None:
        self._change("PATCH", "", {"model_names": [f"model-{self._an_id()}"]}, lambda known: known)

    def rotate(self) -> None:
        key = self._a_key()

        def rotated(known: Known) -> Known:
            return replace(known, key=key, former=known.key)

        self._change("POST", "/key-rotations", {"api_key": key}, rotated)

    def roll_back(self) -> None:
        def rolled_back(known: Known) -> Known:
            return replace(known, key=known.former, former=None)

        self._change("POST", "/key-rotations/rollback", None, rolled_back)

    def delete(self) -> None:
        id_, known = self._one_of(self.there)
        answer, again = self.stack.answered(self.access_key, "DELETE", f"/{id_}", if_match=known.etag)
        self.asked_again += again
        assert answer.status == HTTPStatus.NO_CONTENT or (again and answer.status == HTTPStatus.NOT_FOUND), answer.text
        self.deleted[id_] = self.there.pop(id_)

    def restore(self) -> None:
        id_, known = self._one_of(self.deleted)
        answer = self._ask("POST", f"/{id_}/restore")
        if self._is(answer, HTTPStatus.OK):
            del self.deleted[id_]
            self.there[id_] = replace(known, etag=answer.headers["etag"])

    def _change(self, method: str, below: str, body: object, after: Callable[[Known], Known]) -> None:
        """Make a conditional change. If the condition fails the second time, it was met the first time."""
        id_, known = self._one_of(self.there)
        answer, again = self.stack.answered(self.access_key, method, f"/{id_}{below}", body, if_match=known.etag)
        self.asked_again += again
        lost = again and answer.status == HTTPStatus.PRECONDITION_FAILED
        if lost:
            answer = self._ask("GET", f"/{id_}")
        if self._is(answer, HTTPStatus.OK):
            changed = replace(after(known), etag=answer.headers["etag"])
            assert not lost or changed.version == known.version + 1, "somebody else has written"
            self.there[id_] = changed

    def _ask(self, *request: Any, **headers: str) -> Response:
        answer, again = self.stack.answered(self.access_key, *request, **headers)
        self.asked_again += again
        return answer

    @staticmethod
    def _is(answer: Response, expected: HTTPStatus) -> bool:
        """Tell whether it has been done; a name may be taken, and a key or a former key may be missing."""
        assert answer.status in {expected, HTTPStatus.CONFLICT}, answer.text
        return answer.status == expected

    def _one_of(self, some: dict[str, Known]) -> tuple[str, Known]:
        return self.random.choice(sorted(some.items(), key=lambda each: each[0]))

    def _a_name(self) -> str:
        return self.random.choice(["name {}", "NAME {}"]).format(self.random.randrange(NAMES))

    def _a_key(self) -> str:
        return f"sk-fake-{self._an_id().hex}"

    def _an_id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))
