"""No secret is in the tree: whatever looks like one says in itself that it is none."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.builders import ROOT

SECRETS = re.compile(
    r"""
      (?:AKIA|ASIA)[A-Z0-9]{16}                      # AWS access key ids
    | sk-[A-Za-z0-9_-]{16,}                          # OpenAI, Anthropic and those that write like them
    | aik_[A-Za-z0-9_-]{43}                          # our own access keys
    | AIza[A-Za-z0-9_-]{35}                          # Google
    | nvapi-[A-Za-z0-9_-]{20,}                       # NVIDIA
    | gh[pousr]_[A-Za-z0-9]{36}                      # GitHub
    | github_pat_[A-Za-z0-9_]{60,}                   # GitHub, the finer ones
    | gsk_[A-Za-z0-9]{40,}                           # Groq
    | hf_[A-Za-z0-9]{30,}                            # Hugging Face
    | xox[abeoprs]-[A-Za-z0-9-]{10,}                 # Slack
    | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\. # JSON web tokens
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.VERBOSE,
)
ADMITTED = re.compile(r"fake|not-a-key|example", re.IGNORECASE)


def suspicious(text: str) -> Iterator[str]:
    return (found for found in SECRETS.findall(text) if not ADMITTED.search(found))


def test_has_no_secret_in_any_file() -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")  # noqa: S603
    files = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    assert len(files) > 50
    found = {str(file): list(suspicious(file.read_bytes().decode(errors="replace"))) for file in files}
    assert {file: secrets for file, secrets in found.items() if secrets} == {}


@pytest.mark.parametrize("prefix", ["sk-", "sk-ant-api03-", "aik_"])
def test_would_find_a_key_and_lets_a_fake_one_pass(prefix: str) -> None:
    key = prefix + "Zq9" * 15
    assert list(suspicious(f'"api_key": "{key[:47]}"'))
    assert not list(suspicious(f'"api_key": "{prefix}fake{key[:39]}"'))
