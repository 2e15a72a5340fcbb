"""JSON schemas of request and response bodies, generated from their models and types."""

from collections.abc import Collection, Iterable
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from ai_integrations.contracts.enum_values import WireFormat
from ai_integrations.contracts.integration_bodies import CreateBody, NewIntegration, ProviderMetadata
from ai_integrations.domain.federations import FederationKind
from ai_integrations.domain.model import Settings
from ai_integrations.domain.providers import PROVIDERS, MetadataKind

REF_TEMPLATE = "#/components/schemas/{model}"


class Generator(GenerateJsonSchema):
    """Generate schemas as clients see them: responses have no null, and None in a request model means "absent"."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - the signature of pydantic
        """Omit titles, which repeat the field name."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Omit a default of None."""
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Omit null from responses."""
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().nullable_schema(schema)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Omit the title, which repeats the class name."""
        return _without_title(super().model_schema(schema))

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        """Omit the title, which repeats the class name."""
        return _without_title(super().typed_dict_schema(schema))


class _ClosedGenerator(Generator):
    """Forbid additional properties, because clients reject unknown fields in a response."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return super().model_schema(schema) | {"additionalProperties": False}

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return super().typed_dict_schema(schema) | {"additionalProperties": False}


def build_body_schemas(bodies: Iterable[type[BaseModel]], responses: Iterable[type]) -> dict[str, Any]:
    """Build the schemas of these types and of all types nested in them, by name."""
    types: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        *((body, "validation", TypeAdapter(body)) for body in bodies),
        *((response, "serialization", TypeAdapter(response)) for response in responses),
    ]
    _, generated = TypeAdapter.json_schemas(types, ref_template=REF_TEMPLATE, schema_generator=_ClosedGenerator)
    return complete_schemas(generated["$defs"])


def complete_schemas(generated: dict[str, Any]) -> dict[str, Any]:
    """Add what the models do not declare: the defaults of a create, and the metadata of each provider."""
    found = {name: arrange_properties(schema) for name, schema in generated.items()}
    for name in {CreateBody.__name__, NewIntegration.__name__} & found.keys():
        _add_defaults(found[name]["properties"])
    if ProviderMetadata.__name__ in found:
        found[ProviderMetadata.__name__]["description"] += " " + _metadata_by_provider()
    for schema in found.values():
        federation = schema["properties"].get("federation", {})
        if "anyOf" in federation:
            federation["description"] += " " + _federation_by_provider()
    return found


def arrange_properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Put required fields first, and move a description from an alternative (`anyOf`) to its field."""
    properties = schema["properties"]
    for each in properties.values():
        for alternative in each.get("anyOf", ()):
            if "description" in alternative:
                each.setdefault("description", alternative.pop("description"))
    first = {name: properties[name] for name in schema.get("required", ())}
    return schema | {"properties": first | properties}


def _without_title(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {name: part for name, part in schema.items() if name != "title"}


def _add_defaults(properties: dict[str, Any]) -> None:
    defaults = Settings(name="", provider="")
    for name in ("enable_default_models", "function_calling_enabled"):
        properties[name]["default"] = getattr(defaults, name)
    properties["auth_type"]["default"] = WireFormat.LEGACY.value_of(defaults.auth_type)


def _metadata_by_provider() -> str:
    sentences = [
        f"{provider.legacy_name or provider.name}: {_describe_fields(provider.metadata)}."
        for provider in PROVIDERS.values()
        if provider.metadata
    ]
    return " ".join([*sentences, "Other providers have no metadata."])


def _federation_by_provider() -> str:
    return " ".join(
        f"{provider.legacy_name or provider.name}: {_describe_federation(provider.federation)}."
        for provider in PROVIDERS.values()
        if provider.federation
    )


def _describe_federation(kind: FederationKind) -> str:
    required = [name for name, field in kind.fields.items() if field.required]
    optional = [name for name, field in kind.fields.items() if not field.required]
    return _describe(required, [*optional, *(["parameters"] if kind.accepts_parameters else [])])


def _describe_fields(kind: MetadataKind) -> str:
    return _describe(kind.required, kind.optional)


def _describe(required: Collection[str], optional: Collection[str]) -> str:
    described = f"{', '.join(required)} required"
    return f"{described}, {', '.join(optional)} optional" if optional else described
