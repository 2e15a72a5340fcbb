"""The console in a real browser; `make pages` runs this where Chromium and Node.js are installed."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from tools.local.aws import client
from ulid import ULID

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.domain.model import Tombstone
from tests.builders import an_integration
from tests.connection.servers import ReceivedRequest, Reply, serve
from tests.stack.chromium import observe
from tests.stack.conftest import Stack

ACCOUNT, CROWD = "console", "console-crowd"
COUNT, DELETED_COUNT = 1_000, 101
MAX_BYTES = 100_000
GOOD_KEY = "sk-fake-console-good"
MODELS = ["tiny-1", "tiny-2"]
MARKUP = '<img src=x onerror="window.attacked = true">'
RESEARCH = [{"organization_id": "org-research"}]

pytestmark = pytest.mark.browser


def provider(request: ReceivedRequest) -> Reply:
    """Accept the keys that begin with GOOD_KEY, list models, answer with one, and reject other keys."""
    if not request.headers.get("authorization", "").startswith(f"Bearer {GOOD_KEY}"):
        return Reply.from_json({"error": {"message": "Wrong key"}}, 401)
    if request.target.endswith("/models"):
        return Reply.from_json({"data": [{"id": each} for each in MODELS]})
    return Reply.from_json({"choices": [{"message": {"role": "assistant", "content": "Hello"}}]})


def register_places(stack: Stack) -> None:
    stack.register("organization", account=ACCOUNT, id="org-research", name="Research")
    stack.register("space", account=ACCOUNT, id="space-search", organization_id="org-research", name="Search")
    stack.register("space", account=ACCOUNT, id="space-support", name="Support")


def add_crowd(stack: Stack) -> None:
    """Store COUNT integrations without their name guards, which only writes need, and DELETED_COUNT tombstones."""
    endpoint, first = stack.deployment.endpoint, int(ULID.from_datetime(datetime.now(UTC)))
    integrations = [
        an_integration(account=CROWD, id=str(ULID.from_int(first + number)), name=f"Integration number {number}")
        for number in range(COUNT + DELETED_COUNT)
    ]
    now = datetime.now(UTC)
    tombstones = [Tombstone(each, now, "bob", expires_at=now + timedelta(days=1)) for each in integrations[COUNT:]]
    crowd = [*map(items.integration_item, integrations[:COUNT]), *map(items.tombstone_item, tombstones)]
    requests = [{"PutRequest": {"Item": to_wire(each)}} for each in crowd]
    table = stack.deployment.outputs()["TableName"]
    for at in range(0, len(requests), 25):
        client("dynamodb", endpoint).batch_write_item(RequestItems={table: requests[at : at + 25]})


def secret_for(stack: Stack) -> str:
    tags = [{"Key": "ai-integrations:account", "Value": ACCOUNT}]
    secret = {"Name": "console-secret", "SecretString": GOOD_KEY, "Tags": tags}
    arn: str = client("secretsmanager", stack.deployment.endpoint).create_secret(**secret)["ARN"]
    return arn


@pytest.fixture(scope="module")
def console(stack: Stack) -> Iterator[dict[str, Any]]:
    """Use the console as people would, and return what the browser observed."""
    register_places(stack)
    add_crowd(stack)
    administers = [{**RESEARCH[0], "admin": True}]
    stack.known_secrets.keys.add(GOOD_KEY)
    with serve() as server:
        server.behave = provider
        admin_key = stack.issue_key(account=ACCOUNT)
        stack.create(admin_key, name="Deletion", provider="custom", base_url=server.url(), api_key=GOOD_KEY)
        resolve = {"account": ACCOUNT, "integration": "Deletion", "consumer": "billing-job"}
        stack.deployment.invoke("CredentialsFunctionName", resolve)
        yield observe(
            "console.mjs",
            CONSOLE_URL=f"{stack.url}/v2/console",
            ADMIN_KEY=admin_key,
            MEMBER_KEY=stack.issue_key(account=ACCOUNT, role="member", user="mia", memberships=administers),
            READER_KEY=stack.issue_key(account=ACCOUNT, role="reader", user="ria", memberships=RESEARCH),
            CROWD_KEY=stack.issue_key(account=CROWD),
            PROVIDER_URL=server.url(),
            SECRET_ARN=secret_for(stack),
            SHOTS=os.environ.get("SHOTS", ""),
        )


def test_console_works_without_errors_and_contacts_no_other_host(console: dict[str, Any], stack: Stack) -> None:
    assert console["errors"] == []
    assert console["hosts"] == [urlsplit(stack.url).netloc]


def test_wrong_access_key_is_rejected_in_words(console: dict[str, Any]) -> None:
    assert "was not accepted" in console["session"]["rejected"]


def test_access_key_is_kept_in_memory_alone(console: dict[str, Any]) -> None:
    session = console["session"]
    *stored, address = session["stored"]
    assert stored == [0, 0, 0]
    assert "aik_" not in address
    assert session["keyAfterReload"] == session["signedOut"] == ""


def test_response_that_rejects_the_access_key_leads_back_to_the_sign_in(console: dict[str, Any]) -> None:
    expired = console["session"]["expired"]
    assert "Sign in with a valid one" in expired["message"]
    assert "Consumers" not in expired["text"]


def test_list_shows_why_it_failed_and_that_it_is_empty(console: dict[str, Any]) -> None:
    assert "A dependency failed." in console["states"]["failed"]
    assert "No integration matches" in console["states"]["empty"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Kind: key", "OpenAI"),
        ("Kind: no key", "Custom"),
        ("Kind: secret", "Anthropic"),
        ("Kind: role", "arn:aws:iam::123456789012:role/console"),
        ("Kind: Google Cloud", "my-project"),
        ("Kind: federation", "idp_console"),
        ("Kind: own federation", "token-exchange"),
        ("Kind: Fireworks", "Fireworks"),
        ("Kind: Together AI", "Together AI"),
    ],
)
def test_created_integration_is_shown_with_its_settings_and_without_its_key(
    console: dict[str, Any], name: str, shown: str
) -> None:
    kind = console["kinds"][name]
    assert kind["heading"] == name
    assert shown in kind["text"]
    assert GOOD_KEY not in kind["text"]


def test_trust_policy_of_a_role_is_copied(console: dict[str, Any]) -> None:
    [statement] = console["kinds"]["Kind: role"]["copied"]["Trust policy"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"


def test_claims_of_a_federation_are_copied(console: dict[str, Any]) -> None:
    claims = console["kinds"]["Kind: federation"]["copied"]["Claims to trust"]
    assert claims["aud"] == "https://api.openai.com/v1"
    assert claims["https://sts.amazonaws.com/"]["request_tags"]["registry_account"] == ACCOUNT


def test_messages_of_rules_are_at_their_fields_and_the_first_has_the_focus(console: dict[str, Any]) -> None:
    fields = console["fields"]
    assert fields["messages"].keys() == {"/provider_metadata/role_arn", "/base_url"}
    assert fields["focused"] == "/provider_metadata/role_arn"
    assert fields["messages"][fields["focused"]] in fields["described"]


def test_edit_sends_headers_scopings_and_models(console: dict[str, Any]) -> None:
    edited = console["edit"]
    assert edited["headers"] == {"X-Team": "two"}
    assert edited["scopings"] == [{"organization_id": "org-research", "space_id": "space-search"}]
    assert edited["model_names"] == ["typed-model"]


def test_conflict_shows_both_versions_and_saves_only_what_the_user_changed(console: dict[str, Any]) -> None:
    rows = "\n".join(console["conflict"]["rows"])
    assert "Conflict, mine" in rows
    assert "Conflict, theirs" in rows
    assert "second" in rows
    saved = console["conflict"]["saved"]
    assert (saved["name"], saved["model_names"]) == ("Conflict, mine", ["second"])


def test_failing_connection_test_shows_the_steps_until_the_failed_one(console: dict[str, Any]) -> None:
    failing = console["connection"]["Failing"]
    assert failing["steps"] == 2
    assert "Authenticated ✕ Failed" in failing["text"]
    assert "Wrong key" in failing["text"]


def test_passing_connection_test_shows_each_step_and_suggests_the_listed_models(console: dict[str, Any]) -> None:
    passing = console["connection"]["Passing"]
    assert passing["steps"] == 3
    assert "Model answers ✓ Passed" in passing["text"]
    assert passing["focus"] == "Test the connection"
    assert console["connection"]["suggested"] == MODELS


def test_settings_are_tested_before_they_are_saved(console: dict[str, Any]) -> None:
    assert "Authenticated ✓ Passed" in console["connection"]["unsaved"]


def test_grant_of_chosen_integrations_and_its_revocation_one_by_one(console: dict[str, Any]) -> None:
    grants = console["grants"]
    one, other = grants["ids"]
    assert set(grants["granted"]["integration_ids"]) == {one, other}
    assert grants["left"]["integration_ids"] == [other]
    assert grants["none"] == []
    assert grants["focused"] == "Consumers"


def test_deletion_shows_who_uses_the_integration_and_can_be_undone(console: dict[str, Any]) -> None:
    deletion = console["deletion"]
    assert "1 consumer used it in the last 30 days" in deletion["question"]
    assert "billing-job" in deletion["question"]
    assert "by alice" in deletion["listed"]
    assert "30 days" in deletion["listed"]
    assert "Another integration of the account has this name" in deletion["refused"]
    assert (deletion["gone"], deletion["restored"], deletion["heading"]) == (404, "Deletion", "Deletion")


def test_deleted_integrations_are_shown_page_by_page_and_the_focus_follows(console: dict[str, Any]) -> None:
    deleted = console["deletedCrowd"]
    assert (deleted["shown"], deleted["state"]) == (101, "101 integrations")
    assert deleted["focused"] == f"Restore Integration number {COUNT}"


@pytest.mark.parametrize("role", ["reader", "member"])
def test_reader_and_member_see_their_integrations_but_no_views_and_acts_of_admins(
    console: dict[str, Any], role: str
) -> None:
    seen = console["roles"][role]
    assert (seen["secret"], seen["shared"]) == (False, True)
    assert not {"Consumers", "Audit log"} & set(seen["links"])
    assert not {"Test the connection", "Grant access"} & set(seen["acts"])


def test_reader_reads_in_words_that_a_change_is_forbidden(console: dict[str, Any]) -> None:
    assert "do not permit this" in " ".join(console["roles"]["reader"]["edit"])
    assert "was saved" in " ".join(console["roles"]["member"]["edit"])


def test_texts_with_markup_are_shown_as_text(console: dict[str, Any]) -> None:
    markup = console["markup"]
    assert all(f"{each} {MARKUP}" in markup["shown"] for each in ("Hostile", "model", "Provider"))
    assert f"X-Hostile: {MARKUP}" in markup["shown"]
    assert (markup["images"], markup["attacked"]) == (0, False)


def test_policy_blocks_injected_scripts_html_and_requests_to_other_hosts(console: dict[str, Any]) -> None:
    blocked = console["markup"]["blocked"]
    assert blocked["outcomes"]["innerHTML"] == "TypeError"
    assert blocked["outcomes"]["text of a script"] == "TypeError"
    assert {"require-trusted-types-for", "img-src", "connect-src"} <= set(blocked["directives"])


def test_first_view_of_many_integrations_is_one_page_and_loads_at_most_100_kilobytes(console: dict[str, Any]) -> None:
    crowd = console["crowd"]
    print({each: crowd[each] for each in ("first", "all", "milliseconds")})
    assert crowd["first"]["bytes"] + crowd["first"]["headers"] <= MAX_BYTES
    assert crowd["all"]["bytes"] <= MAX_BYTES
    assert (crowd["shown"], crowd["focused"]) == (101, "Integration number 949")
    assert len(crowd["found"]) == 11
    assert all("number 99" in each for each in crowd["found"])


def test_keyboard_opens_a_view_and_closes_a_dialog_without_losing_the_focus(console: dict[str, Any]) -> None:
    keyboard = console["keyboard"]
    assert keyboard["focusOfView"] == keyboard["focusOfNext"][0] == "H1"
    assert keyboard["focusOfNext"][1].endswith("AI integrations")
    assert keyboard["focusAfterEscape"] == "Delete"


def test_views_in_wide_and_narrow_light_and_dark_windows_are_accessible_and_fit(console: dict[str, Any]) -> None:
    assert console["looks"] == []
