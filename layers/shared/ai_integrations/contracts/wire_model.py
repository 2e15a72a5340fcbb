"""Base classes of the pydantic models, with one configuration for all wire formats."""

from pydantic import BaseModel, ConfigDict

from ai_integrations import ON_DEMAND_INIT

DEFER_BUILD = ConfigDict(defer_build=ON_DEMAND_INIT)


class WireModel(BaseModel):
    """A model whose validator is built on first use in an on-demand init, and at import otherwise."""

    model_config = DEFER_BUILD


class InputModel(WireModel):
    """Input from a caller: no unknown fields, no type conversion, no input in error messages."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)
