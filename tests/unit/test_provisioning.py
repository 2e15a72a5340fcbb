"""Provisioning requests: each is applied once, and each delivery publishes the same outcome."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG
from ai_integrations.contracts import ids
from ai_integrations.contracts.published_events import Failed, Outcome, Succeeded
from ai_integrations.domain.errors import AccessForbiddenError, ContentionError, NameTakenError
from ai_integrations.domain.model import IdempotencyKey, Integration, Membership, Removal, Role, SecretVersion
from ai_integrations.use_cases.provisioning import Provisioner
from tests.builders import API_KEY, NOON, SENDER_AWS_ACCOUNT, ULID, a_caller, a_source, an_integration, the_settings
from tests.event_fakes import InMemoryBus, InMemoryOutcomes, InMemorySenders
from tests.fakes import FailingRepository, InMemoryRepository
from tests.unit.use_case_fixture import UseCaseFixture

CREATE, UPDATE, DELETE = (f"AI Integration {kind} Requested" for kind in ("Create", "Update", "Delete"))
OTHER_ULID = ULID[:-1] + "B"


class ProvisioningFixture:
    """The provisioner over fakes."""

    def __init__(self, repository: InMemoryRepository | None = None) -> None:
        self.use_cases = UseCaseFixture(repository, ids=[ULID, *[OTHER_ULID] * 10])
        self.repository, self.keys = self.use_cases.repository, self.use_cases.keys
        self.senders = InMemorySenders(a_source(), a_source(account="other"))
        self.outcomes = InMemoryOutcomes()
        self.bus = InMemoryBus()
        self.provisioner = Provisioner(
            integrations=self.use_cases.integrations,
            senders=self.senders,
            outcomes=self.outcomes,
            bus=self.bus,
            clock=lambda: NOON,
        )

    def handle(self, detail_type: str, detail: object, event_id: str = "event-1", **envelope: str) -> Outcome:
        sent_by = {"source": "platform", "account": SENDER_AWS_ACCOUNT, **envelope}
        return self.provisioner.handle({"id": event_id, "detail-type": detail_type, "detail": detail, **sent_by})

    def stored(self) -> list[Integration]:
        return self.use_cases.stored_integrations()

    def published(self) -> list[dict[str, Any]]:
        return [{"type": each.detail_type, **each.model_dump(exclude_none=True)} for each in self.bus.events]


@pytest.fixture
def fixture() -> ProvisioningFixture:
    return ProvisioningFixture()


def a_create(**changes: Any) -> dict[str, Any]:
    body = {"name": "Production OpenAI", "provider": "openAI"}
    return {"request_id": "request-1", "account": "acme", "user": "platform", "integration": body} | changes


def an_update(*, request_id: str = "request-2", **change: Any) -> dict[str, Any]:
    return a_create(request_id=request_id, id=ids.encode(ULID), integration=change or {"name": "x"})


def a_delete(request_id: str = "request-3") -> dict[str, Any]:
    detail = a_create(request_id=request_id, id=ids.encode(ULID))
    del detail["integration"]
    return detail


def problem(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Failed)
    return outcome.problem


def error_pointers(outcome: Outcome) -> list[str]:
    return [each["pointer"] for each in problem(outcome)["errors"]]


def test_create_request_creates_for_its_account_and_user(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    assert fixture.stored() == [
        an_integration(id=ULID, account="acme", created_by="platform", updated_by="platform", version=1)
    ]
    assert fixture.published() == [
        {
            "type": "AI Integration Create Succeeded",
            "event_id": "acme/request-1/ai-integration-create-succeeded",
            "account": "acme",
            "request_id": "request-1",
            "id": ids.encode(ULID),
            "version": 1,
        }
    ]


def test_update_request_changes_only_the_fields_it_contains(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    outcome = fixture.handle(UPDATE, an_update(model_names=["gpt-4"]))
    assert fixture.stored()[0].model_names == ("gpt-4",)
    assert isinstance(outcome, Succeeded)
    assert (outcome.id, outcome.version) == (ids.encode(ULID), 2)


def test_delete_request_publishes_the_last_version(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    outcome = fixture.handle(DELETE, a_delete())
    assert fixture.stored() == []
    assert isinstance(outcome, Succeeded)
    assert (outcome.id, outcome.version) == (ids.encode(ULID), 1)


def test_delete_request_for_deleted_integration_succeeds(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    first, second = (fixture.handle(DELETE, a_delete(request_id)) for request_id in ("request-3", "request-4"))
    assert second.model_dump(exclude={"event_id", "request_id"}) == first.model_dump(exclude={"event_id", "request_id"})


@pytest.mark.parametrize(
    ("role", "memberships", "status"),
    [
        (Role.MEMBER, (Membership(space_id="other", admin=True),), 404),
        (Role.READER, (Membership(space_id="s"),), 403),
        (Role.MEMBER, (Membership(space_id="s", admin=True),), None),
    ],
    ids=["member of another space", "reader", "member"],
)
def test_delete_request_for_deleted_integration_needs_the_right_to_delete_it(
    fixture: ProvisioningFixture, role: Role, memberships: tuple[Membership, ...], status: int | None
) -> None:
    fixture.handle(CREATE, a_create(integration=a_create()["integration"] | {"scopings": [{"space_id": "s"}]}))
    fixture.handle(DELETE, a_delete())
    fixture.senders.register(a_source(role=role, memberships=memberships))
    outcome = fixture.handle(DELETE, a_delete("request-4"))
    assert (problem(outcome)["status"] if isinstance(outcome, Failed) else None) == status


def test_requests_set_and_remove_the_reference_to_a_secret(fixture: ProvisioningFixture) -> None:
    arn = fixture.keys.create_external_secret("external-fAkE01", API_KEY, {ACCOUNT_TAG: "acme"})
    body = a_create()["integration"] | {"api_key_secret_arn": arn}
    assert isinstance(fixture.handle(CREATE, a_create(integration=body)), Succeeded)
    assert fixture.stored()[0].secret == SecretVersion(arn=arn, version=None)
    assert isinstance(fixture.handle(UPDATE, an_update(api_key_secret_arn=None)), Succeeded)
    assert fixture.stored()[0].secret is None


REQUESTS = [(CREATE, a_create()), (UPDATE, an_update()), (DELETE, a_delete())]
each_kind = pytest.mark.parametrize(("detail_type", "detail"), REQUESTS, ids=["create", "update", "delete"])


def create_target(fixture: ProvisioningFixture, detail_type: str) -> None:
    if detail_type != CREATE:
        fixture.handle(CREATE, a_create())
        fixture.bus.events.clear()


@each_kind
def test_redelivered_request_publishes_the_same_outcome(
    fixture: ProvisioningFixture, detail_type: str, detail: dict[str, Any]
) -> None:
    create_target(fixture, detail_type)
    first = fixture.handle(detail_type, detail)
    state = fixture.stored()
    for number in range(9):
        assert fixture.handle(detail_type, detail, f"event-{number}") == first
    assert fixture.stored() == state
    assert fixture.bus.events == [first] * 10


@each_kind
def test_redelivered_request_is_applied_once_without_a_recorded_outcome(
    fixture: ProvisioningFixture, detail_type: str, detail: dict[str, Any]
) -> None:
    create_target(fixture, detail_type)
    first = fixture.handle(detail_type, detail)
    fixture.outcomes.recorded.clear()
    state = fixture.stored()
    assert fixture.handle(detail_type, detail) == first
    assert fixture.stored() == state


def test_redelivered_update_does_not_undo_a_later_change(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    first = fixture.handle(UPDATE, an_update(name="by request"))
    fixture.outcomes.recorded.clear()
    fixture.handle(UPDATE, an_update(request_id="other-request", name="changed later"))
    assert fixture.handle(UPDATE, an_update(name="by request")) == first
    assert fixture.stored()[0].name == "changed later"


def test_redelivered_delete_does_not_delete_a_restored_integration(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    first = fixture.handle(DELETE, a_delete())
    fixture.outcomes.recorded.clear()
    tombstone = fixture.repository.tombstones["acme", ULID]
    restored = replace(tombstone.integration, version=2)
    fixture.repository.restore(tombstone, restored)
    assert fixture.handle(DELETE, a_delete()) == first
    assert fixture.stored() == [restored]


@pytest.mark.parametrize("is_recorded", [pytest.param(True, id="recorded"), pytest.param(False, id="not recorded")])
def test_used_request_id_with_another_request_is_rejected(fixture: ProvisioningFixture, is_recorded: bool) -> None:
    first = fixture.handle(CREATE, a_create())
    if not is_recorded:
        fixture.outcomes.recorded.clear()
    other = a_create(integration={"name": "x", "provider": "openAI"})
    rejected = fixture.handle(CREATE, other, "event-2")
    assert (problem(rejected)["status"], error_pointers(rejected)) == (422, ["/request_id"])
    [error] = problem(rejected)["errors"]
    assert error["detail"] == "This request_id was already used for a different request. Use a new one."
    assert problem(rejected)["instance"] == "event-2"
    assert rejected.event_id not in {first.event_id, "acme/request-1/ai-integration-create-failed"}
    assert fixture.handle(CREATE, a_create(), "event-3") == first
    assert len(fixture.stored()) == 1


def test_used_request_id_with_an_added_null_is_rejected(fixture: ProvisioningFixture) -> None:
    fixture.handle(CREATE, a_create())
    fixture.handle(UPDATE, an_update(name="x"))
    assert error_pointers(fixture.handle(UPDATE, an_update(name="x", base_url=None))) == ["/request_id"]


MALFORMED: list[tuple[str, Any, list[str]]] = [
    (CREATE, a_create(integration={"provider": "openAI"}), ["/integration/name"]),
    (CREATE, a_create(integration={"name": "x", "provider": "?"}), ["/integration/provider"]),
    (CREATE, a_create(extra=1), ["/extra"]),
    (CREATE, a_create(user=None), ["/user"]),
    (CREATE, a_create(api_key=API_KEY), ["/api_key"]),
    (CREATE, a_create(integration=a_create()["integration"] | {"api_key": API_KEY}), ["/integration/api_key"]),
    (UPDATE, an_update(api_key=API_KEY), ["/integration/api_key"]),
    (UPDATE, a_create(id=ids.encode(ULID), integration={}), ["/integration"]),
    (UPDATE, an_update() | {"id": "x"}, ["/id"]),
    (DELETE, a_delete() | {"id": ids.encode("not-a-ulid")}, ["/id"]),
    (DELETE, a_delete() | {"id": None}, ["/id"]),
]


@pytest.mark.parametrize(("detail_type", "detail", "pointers"), MALFORMED)
def test_malformed_request_is_rejected(
    fixture: ProvisioningFixture, detail_type: str, detail: dict[str, Any], pointers: list[str]
) -> None:
    outcome = fixture.handle(detail_type, detail)
    assert (problem(outcome)["status"], error_pointers(outcome)) == (400, pointers)
    assert (outcome.account, outcome.request_id) == ("acme", detail["request_id"])
    assert fixture.stored() == []
    assert API_KEY not in json.dumps(fixture.published())
    assert API_KEY not in json.dumps([recorded.detail for recorded in fixture.outcomes.recorded.values()])


@pytest.mark.parametrize(
    "detail",
    [
        a_create(api_key=API_KEY, extra=1),
        a_create(integration={"api_key": API_KEY, "provider": "?"}),
        {"integration": {"api_key": API_KEY}},
    ],
    ids=["request", "integration", "incomplete request"],
)
def test_request_with_a_key_is_rejected_before_any_other_check(fixture: ProvisioningFixture, detail: object) -> None:
    [error] = problem(fixture.handle(CREATE, detail))["errors"]
    assert error["pointer"].endswith("/api_key")
    assert "api_key_secret_arn" in error["detail"]


def test_request_with_the_id_of_an_http_request_is_another_request(fixture: ProvisioningFixture) -> None:
    key = IdempotencyKey(user="platform", value="request-1", fingerprint="of an HTTP request")
    fixture.use_cases.integrations.create(a_caller(user="platform"), the_settings(name="by HTTP"), Removal.NOTHING, key)
    assert isinstance(fixture.handle(CREATE, a_create()), Succeeded)


def test_request_redelivered_after_four_weeks_without_a_recorded_outcome_is_applied_once(
    fixture: ProvisioningFixture,
) -> None:
    first = fixture.handle(CREATE, a_create())
    fixture.outcomes.recorded.clear()
    fixture.use_cases.now += timedelta(days=28) - timedelta(seconds=1)
    assert fixture.handle(CREATE, a_create()) == first
    assert len(fixture.stored()) == 1


def test_valid_request_succeeds_after_malformed_one_with_the_same_id(fixture: ProvisioningFixture) -> None:
    malformed = fixture.handle(CREATE, a_create(user=None), "event-1")
    assert isinstance(fixture.handle(CREATE, a_create(), "event-2"), Succeeded)
    assert malformed.event_id == "event-1"


INVALID_CORRELATIONS: list[object] = [
    None,
    "text",
    [],
    {},
    a_create(account="a/b"),
    a_create(account=None),
    a_create(request_id=5),
    a_create(request_id="x" * 129),
    a_create(request_id="with blank"),
]


@pytest.mark.parametrize("detail", INVALID_CORRELATIONS)
def test_request_with_invalid_account_or_id_gets_an_outcome_without_them(
    fixture: ProvisioningFixture, detail: object
) -> None:
    outcome = fixture.handle(CREATE, detail, "event-7")
    assert problem(outcome)["status"] in {400, 422}
    assert (outcome.account, outcome.request_id, outcome.event_id) == (None, None, "event-7")


def test_rule_violation_names_the_field_of_the_integration(fixture: ProvisioningFixture) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:unknown-fAkE01"
    bodies = {
        "/integration/provider_metadata/role_arn": {"name": "x", "provider": "awsBedrock"},
        "/integration/headers": {"name": "x", "provider": "openAI", "headers": {"Host": "evil.example"}},
        "/integration/model_names/0": {"name": "x", "provider": "openAI", "model_names": [" gpt-4o"]},
        "/integration/name": {"name": "x\u200b", "provider": "openAI"},
        "/integration/api_key_secret_arn": {"name": "y", "provider": "openAI", "api_key_secret_arn": arn},
    }
    for number, (pointer, body) in enumerate(bodies.items()):
        outcome = fixture.handle(CREATE, a_create(request_id=f"request-{number}", integration=body))
        assert (problem(outcome)["status"], error_pointers(outcome)) == (422, [pointer])


@pytest.mark.parametrize(
    ("detail_type", "detail", "status"),
    [
        (CREATE, a_create(request_id="request-9"), 409),
        (UPDATE, an_update() | {"id": ids.encode(OTHER_ULID)}, 404),
        (UPDATE, an_update() | {"account": "other"}, 404),
        (DELETE, a_delete() | {"id": ids.encode(OTHER_ULID)}, 404),
    ],
)
def test_rejection_is_published_as_problem_and_never_retried(
    fixture: ProvisioningFixture, detail_type: str, detail: dict[str, Any], status: int
) -> None:
    fixture.handle(CREATE, a_create())
    outcome = fixture.handle(detail_type, detail, "event-2")
    assert problem(outcome)["status"] == status
    assert problem(outcome)["instance"] == "event-2"
    fixture.repository.integrations.clear()
    assert fixture.handle(detail_type, detail, "event-3") == outcome


FAILURES: list[Exception] = [ContentionError(), TimeoutError(), RuntimeError(API_KEY), OSError()]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_transient_failure_propagates_without_an_outcome(failure: Exception) -> None:
    fixture = ProvisioningFixture(FailingRepository(error=failure))
    with pytest.raises(type(failure)):
        fixture.handle(CREATE, a_create())
    assert fixture.published() == []
    assert fixture.outcomes.recorded == {}


def test_outcome_that_cannot_be_published_is_published_on_redelivery(fixture: ProvisioningFixture) -> None:
    fixture.bus.error = TimeoutError()
    with pytest.raises(TimeoutError):
        fixture.handle(CREATE, a_create())
    fixture.bus.error = None
    assert isinstance(fixture.handle(CREATE, a_create()), Succeeded)
    assert len(fixture.stored()) == len(fixture.published()) == 1


@pytest.mark.parametrize(
    "rejection", [NameTakenError(), AccessForbiddenError()], ids=lambda rejection: type(rejection).__name__
)
def test_rejection_is_recorded(rejection: Exception) -> None:
    fixture = ProvisioningFixture(FailingRepository(error=rejection))
    outcome = fixture.handle(CREATE, a_create())
    [recorded] = fixture.outcomes.recorded.values()
    assert (recorded.detail_type, json.loads(recorded.detail)) == (
        "AI Integration Create Failed",
        outcome.model_dump(exclude_none=True),
    )
