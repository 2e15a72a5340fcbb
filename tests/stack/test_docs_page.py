"""The API documentation page in a real browser; `make pages` runs this where Chromium and Node.js are installed."""

import json
import os
import subprocess
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.builders import ROOT
from tests.stack.chromium import observe
from tests.stack.conftest import Stack

HEIGHT_LIMIT = 5_600

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def access_key(stack: Stack) -> str:
    """Issue the access key that the page uses."""
    return stack.issue_key(account="page")


@pytest.fixture(scope="module")
def page(stack: Stack, access_key: str) -> dict[str, Any]:
    """Use the page as a person would, and return what the browser observed."""
    return observe("docs_page.mjs", DOCS_URL=f"{stack.url}/v2/docs", ACCESS_KEY=access_key)


def test_docs_page_shows_every_operation_without_errors(page: dict[str, Any]) -> None:
    paths = json.loads((ROOT / "layers/shared/ai_integrations/http/openapi.json").read_text())["paths"]
    described = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert sorted(page["first"]["operations"]) == sorted(described)
    assert page["calls"]["errors"] == []


def test_docs_page_unfolds_only_the_first_operation_and_stays_short(page: dict[str, Any]) -> None:
    assert page["first"]["unfolded"] == ["createAiIntegration"]
    assert page["first"]["height"] < HEIGHT_LIMIT


def test_docs_page_links_the_openapi_document(page: dict[str, Any]) -> None:
    assert page["first"]["document"] == 200


def test_docs_page_shows_required_fields_first(page: dict[str, Any]) -> None:
    assert page["first"]["fields"] == ["name", "provider", "Idempotency-Key"]
    assert [True, False] in page["order"]
    assert all(required == sorted(required, reverse=True) for required in page["order"])


def test_docs_page_folds_responses_until_they_are_opened(page: dict[str, Any]) -> None:
    assert page["first"]["responses"] == []
    assert {"201", "409"} <= set(page["first"]["unfoldedResponses"])


def test_docs_page_form_stays_in_the_window_beside_a_long_description(page: dict[str, Any]) -> None:
    assert page["sticky"]["above"] > 0
    assert page["sticky"]["below"] > 0


def test_docs_page_try_it_button_calls_the_api(page: dict[str, Any]) -> None:
    assert [page["calls"][each].split()[0] for each in ("create", "get", "remove")] == ["201", "200", "204"]


def test_docs_page_delete_canceled_in_the_confirmation_sends_no_request(page: dict[str, Any], stack: Stack) -> None:
    [question] = page["calls"]["questions"]
    assert question.startswith(f"DELETE {stack.url}/v2/ai-integrations/")
    assert page["calls"]["canceled"] == {"report": "Not sent.", "sent": []}


def test_docs_page_try_it_button_without_an_access_key_asks_for_it_and_sends_no_request(page: dict[str, Any]) -> None:
    assert "enter an access key" in page["without_key"]["report"]
    assert page["without_key"]["focus"] == "key"
    assert page["without_key"]["sent"] == []


def test_docs_page_shows_each_error_of_a_problem_document_once(page: dict[str, Any]) -> None:
    assert page["problems"].startswith("400")
    assert [page["problems"].count(pointer) for pointer in ("/name", "/model_names")] == [1, 1]


def test_docs_page_with_the_keyboard_unfolds_an_operation_and_keeps_the_focus(page: dict[str, Any]) -> None:
    assert page["keyboard"]["next"] == "listAiIntegrations"
    assert page["keyboard"]["report"].startswith("200")
    assert page["keyboard"]["focus"] == "Try it"


def test_docs_page_copied_command_works_when_pasted_and_does_not_contain_the_access_key(
    page: dict[str, Any], access_key: str
) -> None:
    command = page["curl"]["clipboard"]
    assert access_key not in command
    pasted = subprocess.run(  # noqa: S603 a command of our own page
        ["/bin/bash", "-c", command],
        env={**os.environ, "AI_INTEGRATIONS_API_KEY": access_key},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    head, _, body = pasted.stdout.partition("\n\n")
    assert " 201 " in head.splitlines()[0]
    assert json.loads(body)["name"] == 'Ann\'s $HOME "gateway"'


def test_docs_page_without_a_clipboard_shows_the_command(page: dict[str, Any]) -> None:
    assert page["no_clipboard"]["message"].startswith("The browser did not copy the command.")
    assert page["no_clipboard"]["shown"] == page["curl"]["shown"] == page["curl"]["clipboard"]


def test_docs_page_sends_no_request_that_must_be_signed_but_shows_how(page: dict[str, Any], access_key: str) -> None:
    signed = page["signed"]
    assert (signed["buttons"], signed["sent"]) == (["Copy as curl"], 0)
    assert "--aws-sigv4" in signed["shown"]
    assert "/v2/ai-integrations/an-id/credentials" in signed["shown"]
    assert "Authorization" not in signed["shown"]
    assert access_key not in signed["shown"]


def test_docs_page_contacts_no_other_host_and_stores_no_data(page: dict[str, Any], stack: Stack) -> None:
    assert page["hosts"] == [urlsplit(stack.url).netloc]
    assert page["calls"]["stored"] == [0, 0, 0]
    assert page["calls"]["keyAfterReload"] == ""


def test_docs_page_in_wide_and_narrow_light_and_dark_windows_is_accessible_and_fits(page: dict[str, Any]) -> None:
    assert page["looks"] == [{"outside": [], "violations": []}] * 4
