"""Ids, cursors, entity tags and query parameters: read without a crash, refused without an echo."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.etags import etag, if_match
from tests.builders import ULID, an_integration


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def is_refused(call: Callable[[], object], sent: str) -> bool:
    with pytest.raises(InvalidRequestError) as error:
        call()
    return not sent or sent not in str(error.value)


@pytest.mark.parametrize(
    "encode", [str, lambda text: quote(text, safe=""), lambda text: "".join(f"%{ord(c):02x}" for c in text)]
)
def test_reads_an_id_however_it_is_percent_encoded(encode: Callable[[str], str]) -> None:
    assert ids.decode(encode(ids.encode(ULID))) == ULID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "Production OpenAI",
        "%",
        "%ff",
        "ä",
        ULID,
        encoded(ULID),
        encoded("AiIntegration:1:"),
        encoded(f"AiIntegration:1:{ULID}x"),
        encoded(f"AiIntegration:1:{ULID.lower()}"),
        encoded(f"AiIntegration:1:8{ULID[1:]}"),
        encoded(f"AiIntegration:2:{ULID}"),
        encoded(f"Space:1:{ULID}"),
        encoded(f"AiIntegration:1:{ULID}\n"),
        ids.encode(ULID) + "=",
        "../" + ids.encode(ULID),
    ],
)
def test_refuses_what_is_no_id_of_an_integration(text: str) -> None:
    assert is_refused(lambda: ids.decode(text), text)


def test_redeems_a_cursor_for_what_it_was_issued_for() -> None:
    assert cursors.decode(None, "list", "acme") is None
    assert cursors.decode(cursors.encode(ULID, "list", "acme", None), "list", "acme", None) == ULID


@pytest.mark.parametrize(
    "issued_for", [("list", "other", None), ("spaces", "acme", None), ("list", "acme", "x"), ("list",)]
)
def test_refuses_a_cursor_of_another_list(issued_for: tuple[str | None, ...]) -> None:
    cursor = cursors.encode(ULID, *issued_for)
    assert is_refused(lambda: cursors.decode(cursor, "list", "acme", None), cursor)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "ä",
        "%",
        *(
            urlsafe_b64encode(text).decode()
            for text in (b"", b"\xff", b"5", b"[]", b'["a"]', b"[" * 100_000, b'{"a":1,"b":2}', b"[[], []]", b"null")
        ),
    ],
)
def test_refuses_what_is_no_cursor(cursor: str) -> None:
    assert is_refused(lambda: cursors.decode(cursor, "list"), cursor)


@pytest.mark.parametrize(
    ("header", "meets"),
    [
        (None, True),
        ("*", True),
        (f'"{ULID}.1"', True),
        (f' "other" , "{ULID}.1"', True),
        (f'"{ULID}.2"', False),
        (f'W/"{ULID}.1"', False),
        (f"{ULID}.1", False),
        ("", False),
    ],
)
def test_compares_entity_tags_strongly(header: str | None, meets: bool) -> None:
    assert if_match(header)(an_integration(version=1)) is meets


def test_gives_every_version_another_entity_tag() -> None:
    assert len({etag(an_integration(version=version)) for version in (1, 2, 11)}) == 3


@pytest.mark.parametrize(("sent", "limit"), [({}, 50), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_reads_a_limit(sent: dict[str, str], limit: int) -> None:
    assert query_parameters.limit(sent) == limit


@pytest.mark.parametrize("text", ["", "0", "101", "-1", "1.5", "ten", "٣", "1 ", "01", "9" * 5000])
def test_refuses_a_limit_that_is_none(text: str) -> None:
    assert is_refused(lambda: query_parameters.limit({"limit": text}), text if len(text) > 3 else "")


def test_reads_a_text_up_to_its_length() -> None:
    assert query_parameters.text({}, "name", 3) is None
    assert query_parameters.text({"name": "äöü"}, "name", 3) == "äöü"
    assert is_refused(lambda: query_parameters.text({"name": "abcd"}, "name", 3), "abcd")
    assert is_refused(lambda: query_parameters.text({"name": ""}, "name", 3), "")
