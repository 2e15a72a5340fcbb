"""The table of providers. Schemas, rules, connection tests and the API document are generated from its rows."""

from enum import Enum
from typing import NamedTuple


class MetadataKind(NamedTuple):
    """The fields of a cloud's `provider_metadata`, and the values of its `kind` (contract.md, "Wire formats")."""

    name: str
    legacy_name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


AWS = MetadataKind(name="AWS", legacy_name="aws", required=("role_arn",), optional=("external_id",))
GCP = MetadataKind(name="GCP", legacy_name="gcp", required=("project_id", "location", "project_access_label"))

METADATA_KINDS = (AWS, GCP)


class Dialect(Enum):
    """The API protocol of a provider, as connection tests use it."""

    OPEN_AI = "OpenAI"
    ANTHROPIC = "Anthropic"
    GEMINI = "Gemini"
    BEDROCK = "Bedrock"
    UNSUPPORTED = "unsupported"


class Probe(NamedTuple):
    """How a provider's connection is tested.

    `base_url` is the provider's own endpoint, if all customers share one. `root` is the path prefix of its API; an
    integration's base_url may or may not end with it. `limit` is the request field that limits the response, and its
    value in tokens. `unproved` is what a test can never show for this provider.
    """

    dialect: Dialect
    base_url: str | None = None
    root: str = ""
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    limit: tuple[str, int] = ("max_tokens", 1)
    unproved: str = ""


# OpenAI deprecated max_tokens, and its reasoning models need more than one token before they respond.
_COMPLETION_LIMIT = ("max_completion_tokens", 16)
_GATEWAY = "The test covers the gateway's key, but not the keys that the gateway uses for its providers."


class Provider(NamedTuple):
    """One external LLM provider.

    `name` is its value in the table and in the current wire format. `legacy_name` is its value in the legacy format,
    which has none for later providers. `metadata` is what a consumer needs besides a key, if anything.
    """

    name: str
    legacy_name: str | None
    probe: Probe
    metadata: MetadataKind | None = None


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(
            name="OPEN_AI",
            legacy_name="openAI",
            # https://platform.openai.com/docs/api-reference
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://api.openai.com/v1",
                limit=_COMPLETION_LIMIT,
                unproved="A restricted key may be allowed to list models but not to use them, or the reverse.",
            ),
        ),
        Provider(
            name="AZURE_OPEN_AI",
            legacy_name="azureOpenAI",
            # https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle: the API without dated versions
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                root="/openai/v1",
                key_header="api-key",
                key_prefix="",
                limit=_COMPLETION_LIMIT,
                unproved="The list contains models, not deployments. Use the name of a deployment as the model.",
            ),
        ),
        Provider(
            name="AWS_BEDROCK",
            legacy_name="awsBedrock",
            metadata=AWS,
            # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
            probe=Probe(
                dialect=Dialect.BEDROCK,
                unproved="Assuming the role does not show which models it may invoke, or in which regions.",
            ),
        ),
        Provider(
            name="VERTEX_AI",
            legacy_name="vertexAI",
            metadata=GCP,
            probe=Probe(
                dialect=Dialect.UNSUPPORTED,
                base_url="https://{location}-aiplatform.googleapis.com",
                unproved="Google requires tokens signed with a service account's key. This service creates none.",
            ),
        ),
        Provider(
            name="ANTHROPIC",
            legacy_name="anthropic",
            # https://docs.anthropic.com/en/api/models-list
            probe=Probe(
                dialect=Dialect.ANTHROPIC,
                base_url="https://api.anthropic.com",
                root="/v1",
                key_header="x-api-key",
                key_prefix="",
                unproved="The list does not depend on credit, or on the limits of the key's workspace.",
            ),
        ),
        Provider(
            name="CUSTOM",
            legacy_name="custom",
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                unproved="A custom server may not list models, or may list them without authentication.",
            ),
        ),
        Provider(
            name="NVIDIA_NIM",
            legacy_name="nvidiaNim",
            # https://docs.api.nvidia.com/nim/reference/llm-apis
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://integrate.api.nvidia.com/v1",
                unproved="The list of models is public. Only a model's response shows that the key is accepted.",
            ),
        ),
        Provider(
            name="GEMINI",
            legacy_name="gemini",
            # https://ai.google.dev/api/models
            probe=Probe(
                dialect=Dialect.GEMINI,
                base_url="https://generativelanguage.googleapis.com",
                root="/v1beta",
                key_header="x-goog-api-key",
                key_prefix="",
                unproved="The list does not depend on billing, or on the quota of each model.",
            ),
        ),
        Provider(
            name="LITELLM",
            legacy_name=None,
            # https://docs.litellm.ai/docs/proxy/user_keys
            probe=Probe(dialect=Dialect.OPEN_AI, unproved=_GATEWAY),
        ),
        Provider(
            name="FIREWORKS",
            legacy_name=None,
            # https://docs.fireworks.ai/tools-sdks/openai-compatibility
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://api.fireworks.ai/inference/v1",
                unproved="The list does not depend on credit.",
            ),
        ),
        Provider(
            name="TOGETHER_AI",
            legacy_name=None,
            # https://docs.together.ai/docs/openai-api-compatibility
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://api.together.xyz/v1",
                unproved="The list does not depend on credit.",
            ),
        ),
    )
}
