"""What all pydantic models have in common (`contracts/wire_model.py`)."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from ai_integrations.contracts.integration_bodies import PatchBody, RotateBody
from ai_integrations.use_cases.custom_resource import Properties


def models(package: str) -> Iterator[type[BaseModel]]:
    """Find the models that the modules of a package define."""
    for found in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
        for value in vars(import_module(found.name)).values():
            if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == found.name:
                yield value


@pytest.mark.parametrize(
    "package",
    [f"ai_integrations.{layer}" for layer in ("contracts", "use_cases", "http", "key_access")],
)
def test_every_model_is_built_on_first_use(package: str) -> None:
    """Each validator that init builds delays the first request."""
    assert [each.__name__ for each in models(package) if not each.model_config.get("defer_build")] == []
    assert list(models(package))


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (RotateBody, {"api_key": 5, "grace_seconds": "sk-fake-canary"}),
        (PatchBody, {"federation": {"unknown": "sk-fake-canary"}}),
        (PatchBody, {"federation": {"parameters": "sk-fake-canary"}}),
        (Properties, {"ServiceToken": {"key": "sk-fake-canary"}, "Integration": {"api_key": "sk-fake-canary"}}),
    ],
)
def test_error_of_an_input_model_does_not_repeat_the_input(model: type[BaseModel], sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as rejected:
        model.model_validate(sent)
    assert "canary" not in str(rejected.value)
