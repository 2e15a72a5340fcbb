"""The console in a real browser, with an API that fails, is slow or changes between two requests."""

from collections.abc import Iterator
from typing import Any

import pytest

from ai_integrations.http.console import build_console_app
from tests.builders import an_event
from tests.connection.servers import ReceivedRequest, Reply, serve
from tests.stack.chromium import observe

PAGE = "/v2/console"

pytestmark = pytest.mark.browser


def files(request: ReceivedRequest) -> Reply:
    """Serve the console's files. The script answers all other requests itself."""
    name = request.target.removeprefix(PAGE).removeprefix("/")
    event = an_event("get_console_file" if name else "get_console") | {"path": request.target}
    response = build_console_app(page=True).resolve(event | {"pathParameters": {"file": name}}, None)  # type: ignore[arg-type]
    headers = {each: values[0] for each, values in response["multiValueHeaders"].items()}
    return Reply(response["statusCode"], response["body"].encode(), headers)


@pytest.fixture(scope="module")
def faults() -> Iterator[dict[str, Any]]:
    with serve() as server:
        server.behave = files
        yield observe("console_faults.mjs", CONSOLE_URL=server.url(path=PAGE))


def test_console_reports_no_error_that_no_code_handles(faults: dict[str, Any]) -> None:
    assert faults["errors"] == []


@pytest.mark.parametrize("address", ["#/integrations/%E0%A4", "#/constructor", "#/__proto__", "#/toString/x"])
def test_malformed_address_leads_to_a_view(faults: dict[str, Any], address: str) -> None:
    assert faults["addresses"][address] in {"Integration", "Integrations"}


def test_session_that_ends_closes_dialogs_and_ignores_late_responses(faults: dict[str, Any]) -> None:
    session = faults["session"]
    assert session["dialogs"] == [0, 0]
    assert session["title"].startswith("Sign in")
    assert session["status"] == ""


def test_page_that_the_browser_keeps_after_it_is_left_is_signed_out(faults: dict[str, Any]) -> None:
    assert faults["left"] == "Sign in"


def test_list_loads_after_the_places_failed_once(faults: dict[str, Any]) -> None:
    assert faults["places"] == {"failed": "A dependency failed. Try again", "rows": 2, "spaces": 2}


def test_new_integration_shows_why_its_form_did_not_load(faults: dict[str, Any]) -> None:
    assert "A dependency failed." in faults["form"]


def test_failed_request_of_a_former_search_does_not_replace_the_list(faults: dict[str, Any]) -> None:
    assert faults["search"] == "1 integration"


def test_health_that_failed_does_not_hide_the_key(faults: dict[str, Any]) -> None:
    assert faults["partial"] == ["Stored key, 3 days old", "\N{EN DASH}"]


def test_ages_are_counted_once_after_another_try(faults: dict[str, Any]) -> None:
    assert faults["ages"].count("2 keys") == 1
    assert "4 keys" not in faults["ages"]


def test_ages_with_a_short_limit_have_a_bar_for_all_that_are_older(faults: dict[str, Any]) -> None:
    assert faults["shortLimit"]["bars"] == 20
    assert "19 days or more: 1 key" in faults["shortLimit"]["words"]


def test_uses_by_day_are_shown_on_the_same_day_in_every_time_zone(faults: dict[str, Any]) -> None:
    assert "2 Jan 2026: 1 consumer" in faults["days"]


def test_scoping_that_names_no_place_is_rejected_instead_of_left_out(faults: dict[str, Any]) -> None:
    scoping = faults["scoping"]
    assert scoping["sent"] == 0
    assert scoping["message"] == "Choose one of the suggestions, or clear the field."
    assert scoping["pointer"] == "/scopings"


def test_places_of_the_same_name_are_shown_with_their_ids(faults: dict[str, Any]) -> None:
    assert faults["scoping"]["options"] == ["Search (space-1)", "Search (space-2)"]


def test_revocation_keeps_what_was_granted_since_the_page_was_loaded(faults: dict[str, Any]) -> None:
    revocation = faults["revocation"]
    assert (revocation["method"], revocation["ifMatch"]) == ("PATCH", '"consumer.2"')
    assert revocation["body"] == {"integration_ids": ["since"]}


def test_conflict_about_the_key_alone_shows_who_set_it(faults: dict[str, Any]) -> None:
    [row] = faults["conflict"]["rows"]
    assert "Credentials" in row
    assert "Changed" in row
    assert "by bob" in row


def test_double_click_opens_one_dialog(faults: dict[str, Any]) -> None:
    assert faults["doubleClick"] == 1


def test_act_that_fails_after_its_dialog_was_closed_is_announced(faults: dict[str, Any]) -> None:
    assert faults["closed"] == "A dependency failed."


@pytest.mark.parametrize("kind", ["no detail", "no JSON", "no JSON despite 200", "interrupted"])
def test_response_without_a_problem_document_is_explained(faults: dict[str, Any], kind: str) -> None:
    assert faults["answers"][kind].startswith("The API ")


def test_long_names_fit_in_dialogs_and_announcements_of_a_narrow_window(faults: dict[str, Any]) -> None:
    assert faults["wide"] == []


def test_view_whose_files_do_not_load_is_reported(faults: dict[str, Any]) -> None:
    assert "reload the page" in faults["module"]


def test_integration_is_shown_if_it_is_unknown_whether_the_user_may_change_it(faults: dict[str, Any]) -> None:
    assert "Settings" in faults["uncertain"]


def test_policy_blocks_styles_links_frames_and_forms_that_a_script_adds(faults: dict[str, Any]) -> None:
    policy = faults["policy"]
    directives = {"style-src-attr", "style-src-elem", "TypeError", "base-uri", "frame-src", "form-action"}
    assert directives <= set(policy["blocked"])
    assert any(each.startswith("script-src") for each in policy["blocked"])
    assert (policy["attacked"], "attacker" in policy["base"]) == (False, False)
