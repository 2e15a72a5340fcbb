"""The base classes of the pydantic models: one configuration for all wire formats."""

from pydantic import BaseModel, ConfigDict

from ai_integrations import ON_DEMAND_INIT

DEFER_BUILD = ConfigDict(defer_build=ON_DEMAND_INIT)


class WireModel(BaseModel):
    """A model that is built on first use if a caller waits for init."""

    model_config = DEFER_BUILD


class InputModel(WireModel):
    """Input from a caller: no unknown fields, no type conversion, and errors that do not repeat the input."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
