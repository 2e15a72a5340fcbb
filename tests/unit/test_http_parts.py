"""Ids, cursors, entity tags and query parameters: invalid ones are rejected without repeating the value."""

from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from ai_integrations.contracts import ids
from ai_integrations.domain.errors import FieldError, InvalidRequestError
from ai_integrations.http import cursors, query_parameters
from ai_integrations.http.etags import etag, if_match
from tests.builders import ULID, an_integration


def to_base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def is_rejected(call: Callable[[], object], sent: str) -> bool:
    with pytest.raises(InvalidRequestError) as error:
        call()
    return not sent or sent not in str(error.value)


@pytest.mark.parametrize(
    "quoting", [str, lambda text: quote(text, safe=""), lambda text: "".join(f"%{ord(c):02x}" for c in text)]
)
def test_id_is_decoded_with_and_without_percent_encoding(quoting: Callable[[str], str]) -> None:
    assert ids.decode(quoting(ids.encode(ULID))) == ULID


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
        to_base64(ULID),
        to_base64("AiIntegration:1:"),
        to_base64(f"AiIntegration:1:{ULID}x"),
        to_base64(f"AiIntegration:1:{ULID.lower()}"),
        to_base64(f"AiIntegration:1:8{ULID[1:]}"),
        to_base64(f"AiIntegration:2:{ULID}"),
        to_base64(f"Space:1:{ULID}"),
        to_base64(f"AiIntegration:1:{ULID}\n"),
        ids.encode(ULID) + "=",
        "../" + ids.encode(ULID),
        ids.encode(ULID)[:8] + "*" + ids.encode(ULID)[8:],
    ],
)
def test_malformed_or_foreign_id_is_rejected(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        ids.decode(text)
    assert caught.value.errors == (FieldError("", "This is not the id of an AI integration."),)


def test_cursor_returns_the_last_read_id_for_its_query() -> None:
    assert cursors.decode(None, ids.is_ulid, "list", "acme") is None
    assert cursors.decode(cursors.encode(ULID, "list", "acme", None), ids.is_ulid, "list", "acme", None) == ULID


@pytest.mark.parametrize(
    "issued_for",
    [
        ("list", "other", None),
        ("spaces", "acme", None),
        ("list", "acme", "x"),
        ("list",),
        ("list", None, "acme"),  # the same value of another parameter
        ("list acme", None, None),
    ],
)
def test_cursor_of_another_query_or_account_is_rejected(issued_for: tuple[str | None, ...]) -> None:
    cursor = cursors.encode(ULID, *issued_for)
    assert is_rejected(lambda: cursors.decode(cursor, ids.is_ulid, "list", "acme", None), cursor)


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
def test_malformed_cursor_is_rejected(cursor: str) -> None:
    assert is_rejected(lambda: cursors.decode(cursor, lambda _id: True, "list"), cursor)


@pytest.mark.parametrize("last_read", ["", "~", ULID.lower(), ULID[1:], f"{ULID}#", f"8{ULID[1:]}", "\x00", "é"])
def test_forged_cursor_without_an_id_is_rejected(last_read: str) -> None:
    cursor = cursors.encode(last_read, "list")
    assert is_rejected(lambda: cursors.decode(cursor, ids.is_ulid, "list"), last_read or cursor)


@pytest.mark.parametrize("last_read", ["", "x" * 257, "\U00010400" * 251])
def test_forged_cursor_without_the_id_of_a_space_is_rejected(last_read: str) -> None:
    cursor = cursors.encode(last_read, "spaces")
    assert is_rejected(lambda: cursors.decode(cursor, query_parameters.is_opaque_id, "spaces"), last_read or cursor)


@pytest.mark.parametrize("space_id", ["U3BhY2U6MQ==", "é", "x" * 256])
def test_cursor_of_a_space_id_is_accepted(space_id: str) -> None:
    cursor = cursors.encode(space_id, "spaces")
    assert cursors.decode(cursor, query_parameters.is_opaque_id, "spaces") == space_id


@pytest.mark.parametrize(
    "mangle",
    [
        lambda cursor: f"{cursor} ",
        lambda cursor: f" {cursor}",
        lambda cursor: cursor[:8] + "!" + cursor[8:],
        lambda cursor: cursor[:8] + "\n" + cursor[8:],
        lambda cursor: cursor.rstrip("=") + "====",
        lambda cursor: cursor + cursor,
        lambda cursor: cursor[:-8],
        lambda cursor: urlsafe_b64encode(urlsafe_b64decode(cursor).replace(b", ", b",")).decode(),
        lambda cursor: urlsafe_b64encode(urlsafe_b64decode(cursor).replace(b"]", b", 5]")).decode(),
    ],
)
def test_mangled_cursor_is_rejected(mangle: Callable[[str], str]) -> None:
    cursor = mangle(cursors.encode(ULID, "list"))
    assert is_rejected(lambda: cursors.decode(cursor, ids.is_ulid, "list"), cursor)


@pytest.mark.parametrize(
    ("header", "matches"),
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
def test_if_match_compares_entity_tags_strongly(header: str | None, matches: bool) -> None:
    assert if_match(header)(an_integration(version=1)) is matches


def test_every_version_has_its_own_entity_tag() -> None:
    assert len({etag(an_integration(version=version)) for version in (1, 2, 11)}) == 3


@pytest.mark.parametrize(("sent", "limit"), [({}, 50), ({"limit": "1"}, 1), ({"limit": "100"}, 100)])
def test_limit_defaults_to_50_and_allows_1_to_100(sent: dict[str, str], limit: int) -> None:
    assert query_parameters.limit(sent) == limit


@pytest.mark.parametrize("text", ["", "0", "101", "-1", "1.5", "ten", "٣", "1 ", "01", "9" * 5000])
def test_invalid_limit_is_rejected(text: str) -> None:
    assert is_rejected(lambda: query_parameters.limit({"limit": text}), text if len(text) > 3 else "")


def test_text_parameter_must_have_1_to_max_length_characters() -> None:
    assert query_parameters.text({}, "name", 3) is None
    assert query_parameters.text({"name": "äöü"}, "name", 3) == "äöü"
    assert is_rejected(lambda: query_parameters.text({"name": "abcd"}, "name", 3), "abcd")
    assert is_rejected(lambda: query_parameters.text({"name": ""}, "name", 3), "")
