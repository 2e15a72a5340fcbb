"""What a program gets, and what of it can be seen."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import Any

import pytest

from ai_integrations_client import AwsCredentials, ResolvedIntegration, Secret
from ai_integrations_client.resolved import read
from tests.unit.client.service import ID, KEY, an_answer

FULL = an_answer(
    base_url="https://llm.example.com/v1",
    headers={"X-Team": "fake-header-value"},
    model_names=["m-1", "m-2"],
    provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r"},
    aws_credentials={
        "access_key_id": "ASIAFAKEFAKEFAKEFAKE",
        "secret_access_key": "fake-secret-access-key",
        "session_token": "fake-session-token",
    },
    expires_at="2026-01-02T13:00:00.000Z",
)


def test_has_everything_that_the_service_says() -> None:
    assert read(FULL) == ResolvedIntegration(
        id=ID,
        name="Production OpenAI",
        provider="OPEN_AI",
        version=1,
        auth_type="DEFAULT",
        base_url="https://llm.example.com/v1",
        headers={"X-Team": "fake-header-value"},
        model_names=("m-1", "m-2"),
        enable_default_models=True,
        function_calling_enabled=True,
        provider_metadata={"role_arn": "arn:aws:iam::123456789012:role/r"},
        api_key=Secret(KEY),
        key_version="version-1",
        aws_credentials=AwsCredentials(
            access_key_id="ASIAFAKEFAKEFAKEFAKE",
            secret_access_key=Secret("fake-secret-access-key"),
            session_token=Secret("fake-session-token"),
        ),
        expires_at=datetime(2026, 1, 2, 13, tzinfo=UTC),
    )


def test_has_empty_parts_for_what_is_not_set_and_leaves_what_it_does_not_know() -> None:
    resolved = read(an_answer(api_key=..., key_version=..., colour="red"))
    assert (resolved.base_url, resolved.api_key, resolved.aws_credentials, resolved.expires_at) == (None,) * 4
    assert (dict(resolved.headers), resolved.model_names, dict(resolved.provider_metadata)) == ({}, (), {})


def test_can_be_made_by_a_test_that_needs_little_of_it() -> None:
    resolved = ResolvedIntegration(id=ID, name="x", provider="OPEN_AI", version=1, auth_type="DEFAULT")
    assert (dict(resolved.headers), dict(resolved.provider_metadata), resolved.model_names) == ({}, {}, ())


def test_shows_no_secret() -> None:
    resolved = read(FULL)
    shown = [repr(resolved), str(resolved), f"{resolved.api_key}", f"{resolved.api_key!r}", f"{resolved.api_key:>20}"]
    shown += ["%s" % resolved.api_key, json.dumps(resolved, default=str), repr([resolved.aws_credentials])]  # noqa: UP031
    assert not [text for text in shown for secret in (KEY, "fake-") if secret in text]


@pytest.mark.parametrize("field", ["name", "api_key"])
def test_can_not_be_changed(field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(read(FULL), field, "other")


@pytest.mark.parametrize("field", ["headers", "provider_metadata"])
def test_can_not_be_changed_inside(field: str) -> None:
    parts: Any = getattr(read(FULL), field)
    with pytest.raises(TypeError):
        parts["X"] = "y"


def test_compares_secrets_by_what_they_hide() -> None:
    assert Secret("fake-a") == Secret("fake-a") != Secret("fake-b")
    assert Secret("fake-a") != "fake-a"
    assert len({Secret("fake-a"), Secret("fake-a")}) == 1


def test_copies_a_secret_and_never_writes_it_down() -> None:
    secret = Secret(KEY)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret
    with pytest.raises(TypeError, match="not to be pickled"):
        pickle.dumps(secret)
