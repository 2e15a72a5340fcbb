"""The use cases that nobody calls: what the stream, the schedule, the queue and CloudFormation start."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from ai_integrations.adapters.secrets_manager.key_store import ACCOUNT_TAG, INTEGRATION_TAG, STACK_TAG, label
from tests import sam_template
from tests.builders import API_KEY, NOON
from tests.faults.scene import NEW, OLD, Ask, Scene
from tests.faults.stories import FIRST, Story
from tests.handlers import scenarios


def _published(*requests: Callable[[Scene], Ask], **body: object) -> Callable[[Scene], Ask]:
    """Have an integration and let these requests wait in the stream."""

    def prepare(scene: Scene) -> Ask:
        scene.have(**body)
        for request in requests:
            assert request(scene)() < 300
        return scene.publishing()

    return prepare


def _created(scene: Scene) -> Ask:
    assert scene.creating(api_key=OLD)() == 201
    return scene.publishing()


def _leave(scene: Scene) -> None:
    """Leave a version and a secret that nobody names, as requests do whose process ends before they commit."""
    secrets = scene.world.cloud.secrets_manager
    [item] = scene.world.cloud.items("INTEGRATION#")
    version = str(uuid4())
    secrets.put_secret_value(
        SecretId=item["secret_arn"]["S"],
        ClientRequestToken=version,
        SecretString=NEW,
        VersionStages=[label(version)],
    )
    tags = {STACK_TAG: sam_template.STACK, ACCOUNT_TAG: scene.account, INTEGRATION_TAG: item["id"]["S"]}
    pairs: Any = [{"Key": tag, "Value": value} for tag, value in tags.items()]
    secrets.create_secret(Name=f"{sam_template.STACK}/{scene.account}/left", SecretString=NEW, Tags=pairs)


def _end_grace(scene: Scene) -> None:
    """Let the grace of a former key be over, and the table's time to live say so."""
    cloud = scene.world.cloud
    [item], [mark] = cloud.items("INTEGRATION#"), cloud.items("GRACE#")
    item["former_key"]["M"]["usable_until"] = {"S": NOON.isoformat()}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)
    scene.world.catch_up()
    cloud.dynamodb.delete_item(TableName=cloud.table, Key={"pk": mark["pk"], "sk": mark["sk"]})


def _lapsed(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    assert scene.rotating()() == 200
    scene.world.catch_up()
    _end_grace(scene)
    return scene.publishing()


def _swept(scene: Scene) -> Ask:
    scene.have(api_key=OLD)
    _leave(scene)
    return scene.sweeping()


def _delete(scene: Scene) -> Ask:
    return scene.asking_for_one("DELETE")


def _restore(scene: Scene) -> Ask:
    return scene.asking_for_one("POST", "/restore")


def _delivered(name: str, scene: Scene) -> Ask:
    """Deliver an event to its function, as often as it is asked to."""
    function, prepare = scenarios.SCENARIOS[name]
    world = scene.world
    run = scenarios.ScenarioRun(
        world.cloud, scene.account, world.answers_url, lambda to, event: world.function(to)(event)
    )
    event = prepare(run)
    return scene.delivering(function, event)


FOLLOWERS: dict[str, Story] = {
    "publish a create": Story(_created, {FIRST: OLD}),
    "publish a change of the key": Story(
        _published(lambda scene: scene.patching(api_key=NEW), api_key=OLD), {FIRST: NEW}
    ),
    "publish the removal of the key": Story(
        _published(lambda scene: scene.patching(api_key=None), api_key=OLD), {FIRST: None}
    ),
    "publish a deletion": Story(_published(_delete, api_key=OLD)),
    "publish a deletion and a restoration": Story(_published(_delete, _restore, api_key=OLD), {FIRST: OLD}),
    "publish a rotation": Story(_published(lambda scene: scene.rotating(), api_key=OLD), {FIRST: NEW}),
    "publish the end of a grace": Story(_lapsed, {FIRST: NEW}),
    "sweep": Story(_swept, {FIRST: OLD}),
}
_ENDS: dict[str, dict[str, str | None]] = {
    "create": {"first": None},
    "create_with_secret_reference": {"first": API_KEY},
    "create_with_taken_name": {"first": None},
    "update": {"second": None},
    "update_to_secret_reference": {"first": API_KEY},
    "delete": {},
    "stack_create": {"first": API_KEY},
    "stack_update": {"second": None},
    "stack_account_change": {"first": None},
    "stack_delete": {},
}
DELIVERIES = {
    f"{scenarios.SCENARIOS[name][0]}: {name}": Story(
        partial(_delivered, name), ends, told_by_refusal="secretsmanager:DescribeSecret"
    )
    for name, ends in _ENDS.items()
}
