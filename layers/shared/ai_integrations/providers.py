"""The providers: one row each, from which schemas, rules and the API document follow."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MetadataKind:
    """The form of a cloud's `provider_metadata`; its words are those of contract.md, "The newer spelling"."""

    word: str
    founding_word: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


AWS = MetadataKind(word="AWS", founding_word="aws", required=("role_arn",), optional=("external_id",))
GCP = MetadataKind(word="GCP", founding_word="gcp", required=("project_id", "location", "project_access_label"))

METADATA_KINDS = (AWS, GCP)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One external LLM provider.

    `word` is its name in the store and in the newer spelling, `founding_word` that of the founding description, which
    has none for the providers that came later. `metadata` is what a consumer needs beside a key, if anything.
    """

    word: str
    founding_word: str | None
    metadata: MetadataKind | None = None


PROVIDERS = {
    provider.word: provider
    for provider in (
        Provider(word="OPEN_AI", founding_word="openAI"),
        Provider(word="AZURE_OPEN_AI", founding_word="azureOpenAI"),
        Provider(word="AWS_BEDROCK", founding_word="awsBedrock", metadata=AWS),
        Provider(word="VERTEX_AI", founding_word="vertexAI", metadata=GCP),
        Provider(word="ANTHROPIC", founding_word="anthropic"),
        Provider(word="CUSTOM", founding_word="custom"),
        Provider(word="NVIDIA_NIM", founding_word="nvidiaNim"),
        Provider(word="GEMINI", founding_word="gemini"),
        Provider(word="LITELLM", founding_word=None),
        Provider(word="FIREWORKS", founding_word=None),
        Provider(word="TOGETHER_AI", founding_word=None),
    )
}
