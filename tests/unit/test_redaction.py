"""Provider messages are shown without keys, whether a provider repeats them in full, in part, or encoded."""

import base64
import json
import time
from urllib.parse import quote

import pytest

from ai_integrations.key_access.connection_test.redaction import MAX_LENGTH, REDACTED, describe_response, redact_secrets

KEY = "sk-fake-Qw7rTz19XpLm42vB-not-a-key"
HEADER = "team-blue-7781"


ESCAPED_16, ESCAPED_8 = "\\u{:04x}", "\\x{:02x}"


def encode_key(form: str) -> str:
    """Encode each character of the key by its number."""
    return "".join(form.format(ord(each)) for each in KEY)


def describe(text: str) -> str:
    return describe_response(text.encode(), [KEY, HEADER, ""]) or ""


def test_redaction_removes_a_secret_of_several_short_words() -> None:
    header = "x1 y2 z3 w4"
    assert redact_secrets(f"rejected {header} here", [header]) == f"rejected {REDACTED} here"
    assert redact_secrets("rejected x1 y2 here", ["x1 y2"]) == f"rejected {REDACTED} here"


def test_redaction_keeps_a_text_of_the_greatest_length_whole() -> None:
    text = "abc " * (MAX_LENGTH // 4 - 1) + "abcd"
    assert len(text) == MAX_LENGTH
    assert redact_secrets(text, []) == text
    assert redact_secrets(f"{text}e", []) == f"{text[:-1]}\u2026"


@pytest.mark.parametrize(
    ("secret", "ending", "is_hidden"),
    [("abcd-123", "-123", True), ("abcd-123", "-123.", True), ("abcd-12X", "-12X", True), ("abc-123", "-123", False)],
)
def test_redaction_hides_the_last_characters_of_secrets_from_eight_characters_on(
    secret: str, ending: str, is_hidden: bool
) -> None:
    assert redact_secrets(f"key ending in {ending}", [secret]) == f"key ending in {REDACTED if is_hidden else ending}"


@pytest.mark.parametrize(("word", "is_hidden"), [("zz-abcde", True), ("zz-abcd", False)])
def test_redaction_hides_a_word_that_ends_with_five_characters_of_a_secret(word: str, is_hidden: bool) -> None:
    assert redact_secrets(f"got {word}", ["1.abcde.2"]) == f"got {REDACTED if is_hidden else word}"


def test_description_keeps_text_that_is_not_ascii() -> None:
    reason = '{"reason": "Schlüssel \U0001f511 ungültig"}'
    assert describe_response(f'{{"error": {reason}}}'.encode(), []) == reason


def contains_part_of(text: str, secret: str, length: int = 6) -> bool:
    return any(secret[at : at + length] in text for at in range(len(secret) - length + 1))


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}. You can find your API key in your account.",
        f"Incorrect API key provided: {KEY[:8]}********{KEY[-4:]}.",
        f"key={KEY}",
        f"Authorization: Bearer {KEY}",
        f"'{KEY}' is not valid",
        f"begins with {KEY[:9]} and ends with {KEY[-9:]}",
        f"got {KEY[3:14]} instead",
        f"got {KEY.upper()}",
        f"got {quote(KEY, safe='')}",
        f"got {encode_key('%{:02x}')}",
        f"got {encode_key('&#{};')}",
        f"got {encode_key(ESCAPED_16)}",
        f"got {encode_key(ESCAPED_8)}",
        f"got {base64.b64encode(KEY.encode()).decode()}",
        f"got {KEY.encode().hex()}",
        f"your team {HEADER} has no access",
        json.dumps({"error": {"message": f"bad key {KEY}"}}),
        json.dumps({"error": f"bad key {KEY}"}),
        json.dumps({"detail": [{"input": {"authorization": f"Bearer {KEY}"}}]}),
        f"<html><body><h1>401</h1><p>{KEY}</p></body></html>",
        f"<html>{KEY[:10]}<b>{KEY[10:]}</b></html>",
    ],
)
def test_redaction_removes_secret_in_any_form(text: str) -> None:
    shown = describe(text)
    assert not contains_part_of(shown, KEY)
    assert not contains_part_of(shown.lower(), KEY.lower())
    assert not contains_part_of(shown, HEADER)
    assert KEY.encode().hex() not in shown
    assert REDACTED in shown


@pytest.mark.parametrize(
    "other",
    [
        "sk-fake-key-of-another-account-1234567890",
        "nvapi-fake0123456789abcdef",
        "AIzaFake0123456789-0123456789-0123456789"[:39],
        "AKIAFAKE0123456789AB",
        "eyJfakejfakejfakejfake",
        "0123456789abcdef0123456789abcdef",
        "abcd...wxyz",
        "sk-\u2022\u2022\u2022\u2022ab",
        "****",
    ],
)
def test_redaction_removes_unknown_text_that_looks_like_a_key(other: str) -> None:
    assert describe(f"The key {other} is not valid") == f"The key {REDACTED} is not valid"


def test_redaction_removes_last_characters_of_key() -> None:
    assert describe(f"The key ending in {KEY[-4:]} has expired.") == f"The key ending in {REDACTED} has expired."


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"error": {"message": "Invalid model."}}, "Invalid model."),
        ({"error": "Invalid model."}, "Invalid model."),
        ({"error": "Invalid message in detail."}, "Invalid message in detail."),
        ({"message": "Invalid model."}, "Invalid model."),
        ({"detail": "Invalid model."}, "Invalid model."),
        ({"error": {"code": 3}}, '{"code": 3}'),
        ("Invalid model.", "Invalid model."),
        ("<b>Invalid</b> model.", "Invalid model."),
        ("<p>Invalid</p><p>model.</p>", "Invalid model."),
    ],
)
def test_describe_response_extracts_message(body: object, shown: str) -> None:
    assert describe(json.dumps(body)) == shown


def test_redaction_keeps_ordinary_text() -> None:
    text = "The model `gpt-4o` does not exist or you do not have access to it (api-version 2024-10-21)."
    assert describe(text) == text


def test_redaction_returns_one_short_printable_line() -> None:
    shown = describe("a\x1b[31m\r\nb\x00\u202ec " + "word " * 500)
    assert shown.isprintable()
    assert len(shown) == MAX_LENGTH
    assert shown.startswith("a [31m b c word")


def test_describe_response_of_empty_body_returns_none() -> None:
    assert describe_response(b"", [KEY]) is None
    assert describe_response(b"\xff\xfe", [KEY]) == "\ufffd\ufffd"


def test_describe_response_accepts_deeply_nested_json() -> None:
    assert describe("[" * 100_000).startswith("[")


def test_redaction_accepts_a_number_that_is_too_long_to_decode() -> None:
    assert describe("&#" + "1" * 5000) == REDACTED


@pytest.mark.parametrize("text", ["a", "key-", "<", "&", "%2", "ey"])
def test_redaction_of_long_word_takes_less_than_a_second(text: str) -> None:
    start = time.process_time()
    describe(text * 100_000)
    assert time.process_time() - start < 1


def test_redaction_removes_word_that_is_cut_off() -> None:
    hexadecimal = KEY.encode().hex()
    assert describe(" " * 1990 + hexadecimal) == REDACTED
    assert describe("begin" + " " * 1985 + hexadecimal + " end") == f"begin {REDACTED}"
    assert describe("begin" + "%20" * 1329 + hexadecimal) == f"begin {REDACTED}"


def test_redaction_keeps_the_last_word_of_a_text_that_is_examined_whole() -> None:
    assert describe(" " * 1996 + "last") == "last"
    assert describe("%20" * 1332 + "last") == "last"


def test_redaction_removes_short_secret_only_as_whole_word() -> None:
    assert (
        redact_secrets("eu: europe is not allowed for eu", ["eu"])
        == f"{REDACTED}: europe is not allowed for {REDACTED}"
    )
