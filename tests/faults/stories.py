"""The use cases: each prepares an account and returns the request that is going to be disturbed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.builders import create_body
from tests.faults.scene import NEW, OLD, THEIRS, Ask, Scene

FIRST = "Production OpenAI"
COMMIT = "dynamodb:TransactWriteItems"


@dataclass(frozen=True)
class Story:
    """A use case, how it ends by whatever way, and what its client may get to hear on the way there.

    `ends` has the key, or None, of each integration that there is in the end. `answers` are what the request may be
    answered with when it comes again, and before that besides an error of the server. A refusal of the call
    `told_by_refusal` is an answer in itself, and no failure.
    """

    prepare: Callable[[Scene], Ask]
    ends: Mapping[str, str | None] = field(default_factory=dict)
    answers: frozenset[int] = frozenset({200})
    told_by_refusal: str = ""


def _refer_instead(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    return scene.patching(api_key_secret_arn=scene.share())


def _own_instead(scene: Scene) -> Ask:
    scene.have(api_key_secret_arn=scene.share())
    return scene.patching(api_key=NEW)


def _taken(scene: Scene) -> Ask:
    scene.have()
    return scene.creating(api_key=NEW)


def _overtaken(scene: Scene) -> Ask:
    scene.others(COMMIT, "POST", "", create_body())
    return scene.creating(api_key=NEW)


def _overtaken_change(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    scene.others(COMMIT, "PATCH", f"/{scene.integration}", {"function_calling_enabled": False})
    return scene.patching(api_key=NEW)


def _change_of_what_gets_deleted(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    scene.others(COMMIT, "DELETE", f"/{scene.integration}")
    return scene.patching(api_key=NEW)


def _rename_to_taken(scene: Scene) -> Ask:
    scene.have(name="Other")
    scene.have(api_key=OLD)
    return scene.patching(name="OTHER", api_key=NEW)


def _change_of_stale(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    stale = scene.heard[-1].headers["etag"]
    scene.patching(function_calling_enabled=False)()
    return scene.asking_for_one("PATCH", "", {"api_key": NEW}, if_match=stale)


def _conditional_change(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    return scene.asking_for_one("PATCH", "", {"api_key": NEW}, if_match=scene.heard[-1].headers["etag"])


def _having(request: Callable[[Scene], Ask], **body: object) -> Callable[[Scene], Ask]:
    def prepare(scene: Scene) -> Ask:
        scene.have(**body)
        return request(scene)

    return prepare


def _deleted(scene: Scene, *, key: str | None = OLD, caught_up: bool = True) -> None:
    scene.have(**({"api_key": key} if key else {}))
    assert scene.asking_for_one("DELETE")() == 204
    if caught_up:
        scene.world.catch_up()


def _restore(*, key: str | None = OLD, caught_up: bool = True) -> Callable[[Scene], Ask]:
    def prepare(scene: Scene) -> Ask:
        _deleted(scene, key=key, caught_up=caught_up)
        return scene.asking_for_one("POST", "/restore")

    return prepare


def _restore_of_a_taken_name(scene: Scene) -> Ask:
    _deleted(scene)
    scene.others(COMMIT, "POST", "", create_body())
    return scene.asking_for_one("POST", "/restore")


def _roll_back(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    assert scene.rotating()() == 200
    scene.world.catch_up()
    return scene.asking_for_one("POST", "/key-rotations/rollback")


REQUESTS: dict[str, Story] = {
    "create": Story(lambda scene: scene.creating(), {FIRST: None}, frozenset({201, 409})),
    "create with a key": Story(lambda scene: scene.creating(api_key=OLD), {FIRST: OLD}, frozenset({201, 409})),
    "create with an Idempotency-Key": Story(
        lambda scene: scene.asking("POST", "", create_body(), idempotency_key="one"), {FIRST: None}, frozenset({201})
    ),
    "create with a key and an Idempotency-Key": Story(
        lambda scene: scene.asking("POST", "", create_body(api_key=OLD), idempotency_key="one"),
        {FIRST: OLD},
        frozenset({201}),
    ),
    "create by reference": Story(
        lambda scene: scene.creating(api_key_secret_arn=scene.share()), {FIRST: THEIRS}, frozenset({201, 409, 422})
    ),
    "create of a taken name": Story(_taken, {FIRST: None}, frozenset({409})),
    "create of a name that gets taken": Story(_overtaken, {FIRST: None}, frozenset({409})),
    "patch": Story(_having(lambda scene: scene.patching(enable_default_models=True), api_key=OLD), {FIRST: OLD}),
    "patch of the name": Story(_having(lambda scene: scene.patching(name="Second"), api_key=OLD), {"Second": OLD}),
    "patch of the key": Story(_having(lambda scene: scene.patching(api_key=NEW), api_key=OLD), {FIRST: NEW}),
    "patch of key and name": Story(
        _having(lambda scene: scene.patching(api_key=NEW, name="Second"), api_key=OLD), {"Second": NEW}
    ),
    "patch with a first key": Story(_having(lambda scene: scene.patching(api_key=NEW)), {FIRST: NEW}),
    "patch that removes the key": Story(
        _having(lambda scene: scene.patching(api_key=None), api_key=OLD), {FIRST: None}
    ),
    "patch that refers to a key": Story(_refer_instead, {FIRST: THEIRS}, frozenset({200, 422})),
    "patch of a key that was referred to": Story(_own_instead, {FIRST: NEW}),
    "patch that moves with a key": Story(
        _having(lambda scene: scene.patching(api_key=NEW, base_url="https://example.com"), api_key=OLD), {FIRST: NEW}
    ),
    "patch of key and name to a taken one": Story(_rename_to_taken, {"Other": None, FIRST: OLD}, frozenset({409})),
    "patch of a stale version": Story(_change_of_stale, {FIRST: OLD}, frozenset({412})),
    "patch of the key of one version": Story(_conditional_change, {FIRST: NEW}, frozenset({200, 412})),
    "patch of the key that somebody overtakes": Story(_overtaken_change, {FIRST: NEW}),
    "patch of the key of what gets deleted": Story(_change_of_what_gets_deleted, {}, frozenset({404})),
    "delete": Story(_having(lambda scene: scene.asking_for_one("DELETE")), {}, frozenset({204, 404})),
    "delete with a key": Story(
        _having(lambda scene: scene.asking_for_one("DELETE"), api_key=OLD), {}, frozenset({204, 404})
    ),
    "restore": Story(_restore(key=None), {FIRST: None}),
    "restore with a key": Story(_restore(), {FIRST: OLD}),
    "restore before the deletion is settled": Story(_restore(caught_up=False), {FIRST: OLD}),
    "restore of a name that gets taken": Story(_restore_of_a_taken_name, {FIRST: None}, frozenset({409})),
    "rotate": Story(_having(lambda scene: scene.rotating(), api_key=OLD), {FIRST: NEW}),
    "rotate, verified": Story(_having(lambda scene: scene.rotating(verify=True), api_key=OLD), {FIRST: NEW}),
    "rotate without grace": Story(_having(lambda scene: scene.rotating(grace_seconds=0), api_key=OLD), {FIRST: NEW}),
    "roll back": Story(_roll_back, {FIRST: OLD}, frozenset({200, 409})),
}
