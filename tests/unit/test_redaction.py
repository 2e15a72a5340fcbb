"""What a provider said is shown without keys, whole or in part, in whatever form the provider repeats them."""

import base64
import json
from urllib.parse import quote

import pytest

from ai_integrations.key_access.connection_test.redaction import MAX_LENGTH, REDACTED, redact, words_of

KEY = "sk-fake-Qw7rTz19XpLm42vB-not-a-key"
HEADER = "team-blue-7781"


ESCAPED_16, ESCAPED_8 = "\\u{:04x}", "\\x{:02x}"


def spelled(form: str) -> str:
    """Write the key by the numbers of its characters."""
    return "".join(form.format(ord(each)) for each in KEY)


def said(text: str) -> str:
    return words_of(text.encode(), [KEY, HEADER, ""]) or ""


def shares_a_run(text: str, secret: str, length: int = 6) -> bool:
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
        f"got {spelled('%{:02x}')}",
        f"got {spelled('&#{};')}",
        f"got {spelled(ESCAPED_16)}",
        f"got {spelled(ESCAPED_8)}",
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
def test_shows_no_run_of_a_secret(text: str) -> None:
    shown = said(text)
    assert not shares_a_run(shown, KEY)
    assert not shares_a_run(shown.lower(), KEY.lower())
    assert not shares_a_run(shown, HEADER)
    assert KEY.encode().hex() not in shown
    assert REDACTED in shown


@pytest.mark.parametrize(
    "other",
    [
        "sk-fake-somebody-elses-key-1234567890",
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
def test_shows_nothing_that_looks_like_a_key(other: str) -> None:
    assert said(f"The key {other} is not valid") == f"The key {REDACTED} is not valid"


def test_shows_a_keys_last_characters_to_nobody() -> None:
    assert said(f"The key ending in {KEY[-4:]} has expired.") == f"The key ending in {REDACTED} has expired."


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"error": {"message": "Invalid model."}}, "Invalid model."),
        ({"error": "Invalid model."}, "Invalid model."),
        ({"message": "Invalid model."}, "Invalid model."),
        ({"detail": "Invalid model."}, "Invalid model."),
        ({"error": {"code": 3}}, '{"code": 3}'),
        ("Invalid model.", "Invalid model."),
    ],
)
def test_finds_the_sentence_in_an_answer(body: object, shown: str) -> None:
    assert said(json.dumps(body)) == shown


def test_keeps_plain_words() -> None:
    text = "The model `gpt-4o` does not exist or you do not have access to it (api-version 2024-10-21)."
    assert said(text) == text


def test_shows_one_line_of_bounded_length_and_printable_characters() -> None:
    shown = said("a\x1b[31m\r\nb\x00\u202ec " + "word " * 500)
    assert shown.isprintable()
    assert len(shown) == MAX_LENGTH
    assert shown.startswith("a [31m b c word")


def test_says_nothing_where_nothing_was_said() -> None:
    assert words_of(b"", [KEY]) is None
    assert words_of(b"\xff\xfe", [KEY]) == "\ufffd\ufffd"


def test_survives_what_is_nested_too_deeply() -> None:
    assert said("[" * 100_000).startswith("[")


def test_redacts_a_short_secret_only_as_a_word_of_its_own() -> None:
    assert redact("eu: europe is not allowed for eu", ["eu"]) == f"{REDACTED}: europe is not allowed for {REDACTED}"
