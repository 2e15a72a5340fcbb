"""No text of the repository contains a phrase that `phrases.txt` lists."""

import re
import subprocess

import pytest

from tests.builders import ROOT

PHRASES = [
    line.split(" => ")
    for line in (ROOT / "tests/text/phrases.txt").read_text().splitlines()
    if not line.startswith("#")
]
QUOTED_FILES = {"docs/founding-description.txt", "tests/text/phrases.txt", "tests/text/test_wording.py"}
WIRE_NAMES = re.compile(r"provider_said")  # part of the API


def texts() -> dict[str, str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")  # noqa: S603
    files = [name for name in names if name and name not in QUOTED_FILES and (ROOT / name).is_file()]
    return {name: WIRE_NAMES.sub("", (ROOT / name).read_bytes().decode(errors="replace")) for name in files}


TEXTS = texts()


def matcher(phrase: str) -> re.Pattern[str]:
    """Match a phrase between non-letters, so that it is also found in a name and across a line break."""
    return re.compile("(?<![a-z])(?:" + phrase.replace(" ", r"[\s_#]+") + ")(?![a-z])", re.IGNORECASE)


@pytest.mark.parametrize(("phrase", "replacement"), PHRASES, ids=[phrase for phrase, _ in PHRASES])
def test_texts_avoid_phrase(phrase: str, replacement: str) -> None:
    places = [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
        for name, text in TEXTS.items()
        for found in matcher(phrase).finditer(text)
    ]
    assert places == [], f"write instead: {replacement}"


@pytest.mark.parametrize("text", ["It can not be.", "test_what_can_not_be_read", "can\n    not", "# can\n# not"])
def test_matcher_finds_phrase_in_prose_names_and_across_lines(text: str) -> None:
    assert matcher("can not").search(text)


def test_matcher_ignores_phrase_inside_a_longer_word() -> None:
    assert not matcher("heard").search("an unheard-of error")
