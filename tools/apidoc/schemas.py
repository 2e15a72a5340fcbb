"""The JSON schemas of the bodies, from the models that parse requests and the types of what is answered."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.integration_bodies import CreateBody, NewIntegration, ProviderMetadata
from ai_integrations.domain.model import Settings
from ai_integrations.domain.providers import PROVIDERS, MetadataKind

REF_TEMPLATE = "#/components/schemas/{model}"


class Generator(GenerateJsonSchema):
    """What callers see: nothing is null in an answer, and None stands for "absent" in a body, not for a default."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - the signature of pydantic
        """Leave titles out: they say the name again."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default of None."""
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Leave null out of answers."""
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().nullable_schema(schema)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Leave out the title of the class."""
        return _untitled(super().model_schema(schema))

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """Leave out the title of the class."""
        return _untitled(super().typed_dict_schema(schema))


class _Closed(Generator):
    """Clients reject a field that they do not know, so an answer of the API has no others."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return super().model_schema(schema) | {"additionalProperties": False}

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return super().typed_dict_schema(schema) | {"additionalProperties": False}


def schemas(bodies: Iterable[type[BaseModel]], answers: Iterable[type]) -> dict[str, Any]:
    """Return the schemas of these types, and of those that they consist of, by name."""
    types: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        *((body, "validation", TypeAdapter(body)) for body in bodies),
        *((answer, "serialization", TypeAdapter(answer)) for answer in answers),
    ]
    _, generated = TypeAdapter.json_schemas(types, ref_template=REF_TEMPLATE, schema_generator=_Closed)
    return completed(generated["$defs"])


def completed(generated: dict[str, Any]) -> dict[str, Any]:
    """Add to the schemas, by name, what the models leave to the code behind them."""
    found = {name: readable(schema) for name, schema in generated.items()}
    for name in {CreateBody.__name__, NewIntegration.__name__} & found.keys():
        _name_defaults(found[name]["properties"])
    if ProviderMetadata.__name__ in found:
        found[ProviderMetadata.__name__]["description"] += " " + _who_takes_what()
    return found


def readable(schema: dict[str, Any]) -> dict[str, Any]:
    """Let required fields come first, and a description stand at its field, not at one of the field's alternatives."""
    properties = schema["properties"]
    for each in properties.values():
        for alternative in each.get("anyOf", ()):
            if "description" in alternative:
                each.setdefault("description", alternative.pop("description"))
    first = {name: properties[name] for name in schema.get("required", ())}
    return schema | {"properties": first | properties}


def _untitled(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {name: part for name, part in schema.items() if name != "title"}


def _name_defaults(properties: dict[str, Any]) -> None:
    defaults = Settings(name="", provider="")
    for name in ("enable_default_models", "function_calling_enabled"):
        properties[name]["default"] = getattr(defaults, name)
    properties["auth_type"]["default"] = WireFormat.LEGACY.value_of(defaults.auth_type)


def _who_takes_what() -> str:
    sentences = [
        f"{provider.legacy_name or provider.name}: {_takes(provider.metadata)}."
        for provider in PROVIDERS.values()
        if provider.metadata
    ]
    return " ".join([*sentences, "Other providers take none."])


def _takes(kind: MetadataKind) -> str:
    required = f"{', '.join(kind.required)} required"
    return f"{required}, {', '.join(kind.optional)} optional" if kind.optional else required
