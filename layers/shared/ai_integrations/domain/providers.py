"""The table of providers. Schemas, rules, connection tests and the API document are generated from its rows."""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ai_integrations.domain.federations import FederationKind


class MetadataKind(NamedTuple):
    """The fields of a cloud's `provider_metadata`, and the values of its `kind` (contract.md, "Wire formats").

    `address_fields` select the place to which a key is sent, as the host and path of a base_url do.
    """

    name: str
    legacy_name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    address_fields: tuple[str, ...] = ()


AWS = MetadataKind(name="AWS", legacy_name="aws", required=("role_arn",), optional=("external_id",))
GCP = MetadataKind(
    name="GCP",
    legacy_name="gcp",
    required=("project_id", "location", "project_access_label"),
    address_fields=("project_id", "location"),
)

METADATA_KINDS = (AWS, GCP)


class MetadataFormat(NamedTuple):
    """What the receiver of a metadata field accepts: the pattern of the whole value, and its description."""

    pattern: str
    description: str


METADATA_FORMATS = {
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html: a path of at most 512 characters, a name of at
    # most 64. Partitions: aws, aws-cn, aws-us-gov, aws-iso-b, …
    "role_arn": MetadataFormat(
        r"arn:aws(-[a-z]{1,10}){0,3}:iam::[0-9]{12}:role/([\x21-\x7e]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}",
        "the ARN of an IAM role, for example arn:aws:iam::111122223333:role/models",
    ),
    # The pattern of Google's own API clients. It is wider than the rule for new projects (6 to 30 characters) and
    # includes project numbers and ids with a domain, such as example.com:project.
    "project_id": MetadataFormat(
        r"(([a-z0-9-]{1,63}\.){0,8}[a-z]([a-z0-9-]{0,61}[a-z0-9])?:)?([0-9]{1,19}|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)",
        "the id or the number of a Google Cloud project",
    ),
    # https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations
    "location": MetadataFormat(
        r"[a-z]{2,20}|([a-z]{1,20}-){1,3}[a-z]{1,20}[0-9]{1,2}",
        "a Google Cloud region, a multi-region such as us or eu, or global",
    ),
}


class Dialect(Enum):
    """The API protocol of a provider, as connection tests use it."""

    OPEN_AI = auto()
    ANTHROPIC = auto()
    GEMINI = auto()
    BEDROCK = auto()
    VERTEX = auto()


class Address(NamedTuple):
    """How a base_url of a provider is written (contract.md, "Base URLs").

    `roots` are the provider's own addresses without a version suffix; `{…}` stands for one label of a host name. The
    first is the default, if the integration's metadata fill it. `root_by_location` are other defaults, by the location
    in the metadata. `apis` are the version suffixes of the provider's API, and the first is the default. `openai` is
    the suffix of its OpenAI-compatible API. `endings` are further suffixes that a base_url may have.

    `verbatim` is for the OpenAI protocol: on a host that is not the provider's own, a base_url without a suffix is
    complete. `objects` are path segments that follow a suffix and name one object, alternatives of a regular
    expression. `other_apis` is a regular expression of addresses that serve a different API of the provider.
    """

    roots: tuple[str, ...] = ()
    root_by_location: Mapping[str, str] = MappingProxyType({})
    apis: tuple[str, ...] = ("/v1",)
    openai: str = "/v1"
    endings: tuple[str, ...] = ()
    verbatim: bool = False
    objects: str = "models"
    other_apis: str = "(?!)"  # nothing


class Probe(NamedTuple):
    """How a provider's connection is tested.

    `unproved` is what a test can never show for this provider. `limit` is the request field that limits the response,
    and its value in tokens. `unclear_statuses` are further statuses of the list that prove nothing about the
    credentials. `untestable_key` is set if only an access token can be tested: why, and what to do.
    """

    dialect: Dialect
    unproved: str
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    limit: tuple[str, int] = ("max_tokens", 1)
    unclear_statuses: frozenset[int] = frozenset()
    untestable_key: str = ""


# OpenAI deprecated max_tokens, and its reasoning models need more than one token before they respond.
_COMPLETION_LIMIT = ("max_completion_tokens", 16)
_GATEWAY = "The test covers the gateway's key, but not the keys that the gateway uses for its providers."


class Provider(NamedTuple):
    """One external LLM provider.

    `name` is its value in the table and in the current wire format. `legacy_name` is its value in the legacy format,
    which has none for later providers. `metadata` is what a consumer needs besides a key, if anything.
    `accepts_json_key` is true if a key may be a JSON object.
    """

    name: str
    legacy_name: str | None
    address: Address
    probe: Probe
    metadata: MetadataKind | None = None
    accepts_json_key: bool = False

    @property
    def federation(self) -> "FederationKind | None":
        """What the provider needs to exchange identity tokens of AWS for access tokens, if it does so."""
        # Imported on first use, because it would take 3 million instructions of each cold start.
        from ai_integrations.domain.federations import BY_PROVIDER  # noqa: PLC0415

        return BY_PROVIDER.get(self.name)


PROVIDERS = {
    provider.name: provider
    for provider in (
        Provider(
            name="OPEN_AI",
            legacy_name="openAI",
            # https://developers.openai.com/api/docs/guides/data-residency has the regional hosts. Without a version:
            # https://developers.cloudflare.com/ai-gateway/providers/openai, a gateway.
            address=Address(roots=("https://api.openai.com", "https://{area}.api.openai.com"), verbatim=True),
            # https://platform.openai.com/docs/api-reference
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                limit=_COMPLETION_LIMIT,
                unproved="A restricted key may be allowed to list models but not to use them, or the reverse.",
            ),
        ),
        Provider(
            name="AZURE_OPEN_AI",
            legacy_name="azureOpenAI",
            # https://learn.microsoft.com/azure/foundry-classic/foundry-models/concepts/endpoints has the hosts, and
            # https://learn.microsoft.com/azure/foundry/openai/api-version-lifecycle the API without dated versions.
            address=Address(
                roots=(
                    "https://{resource}.openai.azure.com",
                    "https://{resource}.services.ai.azure.com",
                    "https://{resource}.cognitiveservices.azure.com",
                ),
                apis=("/openai/v1",),
                openai="/openai/v1",
                endings=("/openai",),
                objects="models|deployments",
            ),
            probe=Probe(
                dialect=Dialect.OPEN_AI,
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
            # https://docs.aws.amazon.com/general/latest/gr/bedrock.html, https://docs.aws.amazon.com/bedrock/latest/
            # userguide/endpoints.html for the OpenAI-compatible API, and botocore's endpoint rules for api.aws.
            address=Address(
                roots=(
                    "https://bedrock-runtime.{region}.amazonaws.com",
                    "https://bedrock-runtime-fips.{region}.amazonaws.com",
                    "https://bedrock-runtime.{region}.api.aws",
                    "https://bedrock-runtime-fips.{region}.api.aws",
                ),
                apis=("",),
                openai="/openai/v1",
                # bedrock, bedrock-agent and bedrock-mantle do not have the operations of bedrock-runtime.
                other_apis=r"https://bedrock(?!-runtime)[a-z-]*\.[a-z0-9-]+\.(amazonaws\.com|api\.aws)(/|$)",
            ),
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
            accepts_json_key=True,  # a service account key
            # https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations, and for multi-regions
            # https://code.claude.com/docs/en/google-vertex-ai. The OpenAI-compatible API:
            # https://docs.cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/auth-and-credentials
            address=Address(
                roots=(
                    "https://{location}-aiplatform.googleapis.com",
                    "https://aiplatform.googleapis.com",
                    "https://aiplatform.{location}.rep.googleapis.com",
                ),
                root_by_location=MappingProxyType(
                    {
                        "global": "https://aiplatform.googleapis.com",
                        "eu": "https://aiplatform.eu.rep.googleapis.com",
                        "us": "https://aiplatform.us.rep.googleapis.com",
                    }
                ),
                apis=("/v1", "/v1beta1"),
                openai="/v1/projects/{project_id}/locations/{location}/endpoints/openapi",
                endings=("/v1beta1/projects/{project_id}/locations/{location}/endpoints/openapi",),
                objects="models|projects",
            ),
            # https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.endpoints/list. Who may
            # use models may still lack the permission for this list, and a location may have no such list.
            probe=Probe(
                dialect=Dialect.VERTEX,
                unproved="The list contains endpoints, not models, and needs a permission of its own.",
                unclear_statuses=frozenset({400, 403}),
                untestable_key="Google takes access tokens, and this service creates none from a service account's "
                "key. Set federation instead of a key, so that the connection can be tested.",
            ),
        ),
        Provider(
            name="ANTHROPIC",
            legacy_name="anthropic",
            # https://platform.claude.com/docs/en/api/overview, and for the OpenAI-compatible API
            # https://platform.claude.com/docs/en/cli-sdks-libraries/libraries/openai-sdk
            address=Address(roots=("https://api.anthropic.com",)),
            # https://docs.anthropic.com/en/api/models-list
            probe=Probe(
                dialect=Dialect.ANTHROPIC,
                key_header="x-api-key",
                key_prefix="",
                unproved="The list does not depend on credit, or on the limits of the key's workspace.",
            ),
        ),
        Provider(
            name="CUSTOM",
            legacy_name="custom",
            # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html,
            # https://docs.ollama.com/api/openai-compatibility, https://lmstudio.ai/docs/developer/openai-compat and
            # https://openrouter.ai/docs/quickstart: the address that the OpenAI SDK takes.
            address=Address(verbatim=True),
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                unproved="A custom server may not list models, or may list them without authentication.",
            ),
        ),
        Provider(
            name="NVIDIA_NIM",
            legacy_name="nvidiaNim",
            # https://docs.api.nvidia.com/nim/reference/llm-apis, and for own servers
            # https://docs.api.nvidia.com/nim/docs/self-hosting-llm-nims
            address=Address(roots=("https://integrate.api.nvidia.com",), verbatim=True),
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                unproved="The list of models is public. Only a model's response shows that the key is accepted.",
            ),
        ),
        Provider(
            name="GEMINI",
            legacy_name="gemini",
            # https://ai.google.dev/gemini-api/docs/api-versions and https://ai.google.dev/gemini-api/docs/openai
            address=Address(
                roots=("https://generativelanguage.googleapis.com",),
                apis=("/v1beta", "/v1", "/v1alpha"),
                openai="/v1beta/openai",
            ),
            # https://ai.google.dev/api/models
            probe=Probe(
                dialect=Dialect.GEMINI,
                key_header="x-goog-api-key",
                key_prefix="",
                unproved="The list does not depend on billing, or on the quota of each model.",
            ),
        ),
        Provider(
            name="LITELLM",
            legacy_name=None,
            # https://docs.litellm.ai/docs/proxy/user_keys: the proxy has each path with and without /v1. Only with it:
            # https://docs.litellm.ai/docs/anthropic_completion
            address=Address(),
            probe=Probe(dialect=Dialect.OPEN_AI, unproved=_GATEWAY),
        ),
        Provider(
            name="FIREWORKS",
            legacy_name=None,
            # https://docs.fireworks.ai/tools-sdks/openai-compatibility
            address=Address(roots=("https://api.fireworks.ai/inference",), verbatim=True),
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                unproved="The list does not depend on credit.",
            ),
        ),
        Provider(
            name="TOGETHER_AI",
            legacy_name=None,
            # https://docs.together.ai/docs/inference/openai-compatibility: once api.together.xyz, now api.together.ai.
            address=Address(roots=("https://api.together.xyz", "https://api.together.ai"), verbatim=True),
            probe=Probe(
                dialect=Dialect.OPEN_AI,
                unproved="The list does not depend on credit.",
            ),
        ),
    )
}
