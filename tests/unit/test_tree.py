"""The repository contains no secrets. Fake keys must contain `fake`, `not-a-key` or `example`."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.builders import ROOT

SECRETS = re.compile(
    r"""
      (?:AKIA|ASIA)[A-Z0-9]{16}                      # AWS access key ids
    | sk-[A-Za-z0-9_-]{16,}                          # OpenAI, Anthropic and others with the same format
    | aik_[A-Za-z0-9_-]{43}                          # access keys of this service
    | AIza[A-Za-z0-9_-]{35}                          # Google
    | nvapi-[A-Za-z0-9_-]{20,}                       # NVIDIA
    | gh[pousr]_[A-Za-z0-9]{36}                      # GitHub
    | github_pat_[A-Za-z0-9_]{60,}                   # GitHub, fine-grained
    | gsk_[A-Za-z0-9]{40,}                           # Groq
    | hf_[A-Za-z0-9]{30,}                            # Hugging Face
    | xox[abeoprs]-[A-Za-z0-9-]{10,}                 # Slack
    | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\. # JSON web tokens
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.VERBOSE,
)
FAKE = re.compile(r"fake|not-a-key|example", re.IGNORECASE)


def find_secrets(text: str) -> Iterator[str]:
    return (found for found in SECRETS.findall(text) if not FAKE.search(found))


def test_repository_contains_no_secret() -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")  # noqa: S603
    files = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    assert len(files) > 50
    found = {str(file): list(find_secrets(file.read_bytes().decode(errors="replace"))) for file in files}
    assert {file: secrets for file, secrets in found.items() if secrets} == {}


@pytest.mark.parametrize("prefix", ["sk-", "sk-ant-api03-", "aik_"])
def test_find_secrets_reports_a_key_and_ignores_a_fake_one(prefix: str) -> None:
    key = prefix + "Zq9" * 15
    assert list(find_secrets(f'"api_key": "{key[:47]}"'))
    assert not list(find_secrets(f'"api_key": "{prefix}fake{key[:39]}"'))
