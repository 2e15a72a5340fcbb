"""The providers: one row each, from which schemas, rules, connection tests and the API document follow."""

from enum import Enum
from typing import NamedTuple


class MetadataKind(NamedTuple):
    """The form of a cloud's `provider_metadata`; its words are those of contract.md, "The newer spelling"."""

    word: str
    legacy_name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


AWS = MetadataKind(word="AWS", legacy_name="aws", required=("role_arn",), optional=("external_id",))
GCP = MetadataKind(word="GCP", legacy_name="gcp", required=("project_id", "location", "project_access_label"))

METADATA_KINDS = (AWS, GCP)


class Dialect(Enum):
    """The protocol that a provider speaks, as far as a connection test has to."""

    OPEN_AI = "OpenAI"
    ANTHROPIC = "Anthropic"
    GEMINI = "Gemini"
    BEDROCK = "Bedrock"
    UNSPOKEN = "none that can be spoken here"


class Probe(NamedTuple):
    """How a provider's connection is tested.

    `base_url` is where the provider itself answers, if that is one place for all; `root` is the path that all of its
    API is below, whether a base_url ends with it or not. `unproved` is what a test can never show for this provider.
    """

    dialect: Dialect
    base_url: str | None = None
    root: str = ""
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    limit: tuple[str, int] = ("max_tokens", 1)
    unproved: str = ""


# OpenAI has given up max_tokens, and its reasoning models need room for more than one token before they answer.
_COMPLETION_LIMIT = ("max_completion_tokens", 16)
_GATEWAY = "Behind a gateway, it is the gateway's key that is tested; what it uses further on is not."


class Provider(NamedTuple):
    """One external LLM provider.

    `word` is its name in the store and in the newer spelling, `legacy_name` that of the founding description, which
    has none for the providers that came later. `metadata` is what a consumer needs beside a key, if anything. `probe`
    is how a connection is tested.
    """

    word: str
    legacy_name: str | None
    probe: Probe
    metadata: MetadataKind | None = None


PROVIDERS = {
    provider.word: provider
    for provider in (
        Provider(
            word="OPEN_AI",
            legacy_name="openAI",
            # https://platform.openai.com/docs/api-reference
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://api.openai.com/v1",
                limit=_COMPLETION_LIMIT,
                unproved="A restricted key may list models and be refused other uses, and the other way round.",
            ),
        ),
        Provider(
            word="AZURE_OPEN_AI",
            legacy_name="azureOpenAI",
            # https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle: the API without dated versions
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                root="/openai/v1",
                key_header="api-key",
                key_prefix="",
                limit=_COMPLETION_LIMIT,
                unproved="The list shows models of the resource, not its deployments: name a deployment as the model.",
            ),
        ),
        Provider(
            word="AWS_BEDROCK",
            legacy_name="awsBedrock",
            metadata=AWS,
            # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
            probe=Probe(
                dialect=Dialect.BEDROCK,
                unproved="That the role can be assumed does not show which models it may invoke, nor in which regions.",
            ),
        ),
        Provider(
            word="VERTEX_AI",
            legacy_name="vertexAI",
            metadata=GCP,
            probe=Probe(
                dialect=Dialect.UNSPOKEN,
                base_url="https://{location}-aiplatform.googleapis.com",
                unproved="Google takes tokens that are signed with a service account's key; this service makes none.",
            ),
        ),
        Provider(
            word="ANTHROPIC",
            legacy_name="anthropic",
            # https://docs.anthropic.com/en/api/models-list
            probe=Probe(
                dialect=Dialect.ANTHROPIC,
                base_url="https://api.anthropic.com",
                root="/v1",
                key_header="x-api-key",
                key_prefix="",
                unproved="The list is shown without regard to credit and to the limits of the key's workspace.",
            ),
        ),
        Provider(
            word="CUSTOM",
            legacy_name="custom",
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                unproved="A server of one's own may have no list of models, or show it to everybody.",
            ),
        ),
        Provider(
            word="NVIDIA_NIM",
            legacy_name="nvidiaNim",
            # https://docs.api.nvidia.com/nim/reference/llm-apis
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://integrate.api.nvidia.com/v1",
                unproved="The list of models is public: only a model's answer shows that the key is accepted.",
            ),
        ),
        Provider(
            word="GEMINI",
            legacy_name="gemini",
            # https://ai.google.dev/api/models
            probe=Probe(
                dialect=Dialect.GEMINI,
                base_url="https://generativelanguage.googleapis.com",
                root="/v1beta",
                key_header="x-goog-api-key",
                key_prefix="",
                unproved="The list is shown without regard to billing and to each model's quota.",
            ),
        ),
        Provider(
            word="LITELLM",
            legacy_name=None,
            # https://docs.litellm.ai/docs/proxy/user_keys
            probe=Probe(dialect=Dialect.OPEN_AI, unproved=_GATEWAY),
        ),
        Provider(
            word="FIREWORKS",
            legacy_name=None,
            # https://docs.fireworks.ai/tools-sdks/openai-compatibility
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://api.fireworks.ai/inference/v1",
                unproved="The list is shown without regard to credit.",
            ),
        ),
        Provider(
            word="TOGETHER_AI",
            legacy_name=None,
            # https://docs.together.ai/docs/openai-api-compatibility
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                base_url="https://api.together.xyz/v1",
                unproved="The list is shown without regard to credit.",
            ),
        ),
    )
}
