"""The requests that libraries send for integrations, for each provider, form of base_url and library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ai_integrations.domain.endpoints import endpoints_of
from tests.stack.consumers.recorder import GOOGLE_TOKEN, TOKEN_PATH
from tests.unit.client.fixtures import CREDENTIALS, a_response

KEY = "sk-fake-key-of-the-integration"
# Access tokens of integrations without a key. LiteLLM knows those of Anthropic by their beginning.
TOKEN, RENEWED_TOKEN = "sk-ant-oat01-fake-token", "sk-ant-oat01-fake-renewed-token"
BETA = "oauth-2025-04-20"
BEARER = {"authorization": f"Bearer {KEY}"}
# What `credentials` of a request contains for a provider: with DEFAULT and with BEARER_TOKEN.
KEY_HEADERS = {
    "AZURE_OPEN_AI": ({"api-key": KEY}, BEARER),
    "ANTHROPIC": ({"x-api-key": KEY}, BEARER),
    "GEMINI": ({"x-goog-api-key": KEY}, BEARER),
}
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=ASIAFAKE", "x-amz-security-token": "fake-token"}
GOOGLE = {"authorization": f"Bearer {GOOGLE_TOKEN}"}

OPENAI_PROVIDERS = ("OPEN_AI", "CUSTOM", "NVIDIA_NIM", "FIREWORKS", "TOGETHER_AI")
MODELS = {
    "AWS_BEDROCK": "anthropic.claude-3-sonnet-20240229-v1:0",
    "GEMINI": "gemini-1.5-pro",
    "VERTEX_AI": "gemini-1.5-pro",
}
FIELDS: dict[str, dict[str, Any]] = {
    "AWS_BEDROCK": {"api_key": None, "aws_credentials": CREDENTIALS, "expires_at": "2099-01-01T00:00:00.000Z"},
    "VERTEX_AI": {
        "provider_metadata": {"project_id": "p-1", "location": "europe-west4", "project_access_label": "label"}
    },
}
COMPLETIONS = "/v1/chat/completions"
DEPLOYMENT = "/openai/deployments/model-1/chat/completions"
MESSAGES = "/v1/messages"
CONVERSE = "/model/anthropic.claude-3-sonnet-20240229-v1%3A0/converse"
VERTEX = "/v1/projects/p-1/locations/europe-west4/publishers/google/models/gemini-1.5-pro:generateContent"
VERTEX_COMPLETIONS = "/v1/projects/p-1/locations/europe-west4/endpoints/openapi/chat/completions"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request of a library. `form` is what follows the address in base_url."""

    library: str
    provider: str
    form: str = ""
    path: str = ""
    auth_type: str = "DEFAULT"
    sent: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    is_renewed: bool = False

    @property
    def model(self) -> str:
        return MODELS.get(self.provider, "model-1")

    def renewal(self, address: str | None) -> dict[str, Any] | None:
        """Build the response with the renewed access token."""
        return replace(self, token=RENEWED_TOKEN).resolution(address) if self.is_renewed else None

    def resolution(self, address: str | None) -> dict[str, Any]:
        """Build the service's response for an integration whose base_url is at an address, or that has none."""
        key = service_account(address or "https://oauth2.googleapis.com") if self.provider == "VERTEX_AI" else KEY
        base_url = address and address + self.form
        values = {"provider": self.provider, "auth_type": self.auth_type, "base_url": base_url, "api_key": key}
        response = a_response(**values) | FIELDS.get(self.provider, {})
        endpoints = endpoints_of(self.provider, base_url, response.get("provider_metadata"))
        token = {"api_key": None, "key_version": None, **access_token(self.token)} if self.token else {}
        return response | {"endpoints": endpoints and endpoints._asdict()} | token


def access_token(value: str) -> dict[str, Any]:
    """Build the part of a response for an integration without a key. The token expires so soon that it is renewed."""
    expires_at = datetime.now(UTC) + timedelta(minutes=2)
    token = {"value": value, "token_type": "Bearer", "headers": {"anthropic-beta": BETA}}
    return {"access_token": token, "expires_at": expires_at.isoformat()}


@cache
def service_account(address: str) -> str:
    """Create the key of a Google service account whose tokens come from an address."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, encryption = serialization.Encoding.PEM, serialization.NoEncryption()
    pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, encryption).decode()
    account = {"type": "service_account", "project_id": "p-1", "private_key_id": "1", "private_key": pem}
    names = {"client_email": "a@p-1.example", "client_id": "1", "token_uri": address + TOKEN_PATH}
    return json.dumps({**account, **names})


def with_slash(*forms: str) -> list[str]:
    return [form + slash for form in forms for slash in ("", "/")]


# Provider, forms of its base_url that mean the same, and the path of each library.
FORMS: list[tuple[str, list[str], dict[str, str]]] = [
    *(
        (provider, with_slash(base), {"openai": base + "/chat/completions", "litellm": base + "/chat/completions"})
        for provider in OPENAI_PROVIDERS
        for base in ("/v1", "/gateway/v1", "/gateway")
    ),
    ("LITELLM", with_slash("", "/v1"), {"openai": COMPLETIONS, "litellm": COMPLETIONS, "anthropic": MESSAGES}),
    ("CUSTOM", with_slash("/v1"), {"anthropic": MESSAGES}),
    ("AZURE_OPEN_AI", with_slash("", "/openai", "/openai/v1"), {"azure": DEPLOYMENT, "litellm": DEPLOYMENT}),
    ("ANTHROPIC", with_slash("", "/v1"), {"anthropic": MESSAGES, "litellm": MESSAGES}),
    (
        "GEMINI",
        with_slash("", "/v1beta", "/v1beta/openai"),
        {"openai": "/v1beta/openai/chat/completions", "litellm": "/v1beta/models/gemini-1.5-pro:generateContent"},
    ),
    (
        "VERTEX_AI",
        with_slash("", "/v1", "/v1/projects/p-1/locations/europe-west4/endpoints/openapi"),
        {"litellm": VERTEX},
    ),
    (
        "AWS_BEDROCK",
        with_slash("", "/openai/v1"),
        {"bedrock": CONVERSE, "bedrock session": CONVERSE, "litellm": CONVERSE},
    ),
]
FORM_CASES = [
    Case(library=library, provider=provider, form=form, path=path)
    for provider, forms, paths in FORMS
    for form in forms
    for library, path in paths.items()
]


def credential_cases(library: str, provider: str, form: str, path: str) -> list[Case]:
    """Build the cases of a library with each kind of credentials, synchronous and asynchronous."""
    own = {"AWS_BEDROCK": SIGNED, "VERTEX_AI": GOOGLE}.get(provider)
    by_key, by_token = KEY_HEADERS.get(provider, (BEARER, BEARER)) if library != "openai" else (BEARER, BEARER)
    if library == "anthropic":  # in which header it sends a key depends on the release
        by_key = {}
    kinds = [("DEFAULT", own)] if own else [("DEFAULT", by_key), ("BEARER_TOKEN", by_token)]
    names = [library] if library.startswith("bedrock") else [library, f"{library} async"]
    return [
        Case(library=name, provider=provider, form=form, path=path, auth_type=auth_type, sent=sent)
        for name in names
        for auth_type, sent in kinds
    ]


# Each provider and library once.
CREDENTIAL_CASES = [
    *(
        case
        for provider, paths in {provider: (forms[0], paths) for provider, forms, paths in reversed(FORMS)}.items()
        for library, path in paths[1].items()
        for case in credential_cases(library, provider, paths[0], path)
    ),
    Case(
        library="openai admin", provider="OPEN_AI", form="/v1", path="/v1/organization/projects/project-1", sent=BEARER
    ),
]
# Each library and provider with an access token: for one completion, and for a client that renews it.
TOKEN_CASES = [
    Case(library=library, provider=provider, form=form, path=path, token=TOKEN, is_renewed=is_renewed)
    for provider, form, libraries, path in (
        ("OPEN_AI", "/v1", ("openai", "openai async", "litellm", "litellm async"), COMPLETIONS),
        ("CUSTOM", "/v1", ("openai", "litellm"), COMPLETIONS),
        ("LITELLM", "/v1", ("openai", "litellm"), COMPLETIONS),
        ("LITELLM", "/v1", ("anthropic",), MESSAGES),
        ("AZURE_OPEN_AI", "", ("azure", "azure async", "litellm", "litellm async"), DEPLOYMENT),
        ("ANTHROPIC", "", ("anthropic", "anthropic async", "anthropic beta", "litellm", "litellm async"), MESSAGES),
        ("VERTEX_AI", "", ("google-genai", "google-genai async"), VERTEX),
        ("VERTEX_AI", "", ("openai", "openai async", "litellm", "litellm async"), VERTEX_COMPLETIONS),
    )
    for library in libraries
    for is_renewed in (False, True)
]
# Without a base_url: the hosts that are looked up. For Vertex AI, the token is requested first.
OWN_HOSTS = [
    ("openai", "OPEN_AI", "api.openai.com"),
    ("litellm", "OPEN_AI", "api.openai.com"),
    ("openai", "GEMINI", "generativelanguage.googleapis.com"),
    ("litellm", "GEMINI", "generativelanguage.googleapis.com"),
    ("anthropic", "ANTHROPIC", "api.anthropic.com"),
    ("litellm", "ANTHROPIC", "api.anthropic.com"),
    ("bedrock", "AWS_BEDROCK", "bedrock-runtime.eu-west-1.amazonaws.com"),
    ("bedrock session", "AWS_BEDROCK", "bedrock-runtime.eu-west-1.amazonaws.com"),
    ("litellm", "AWS_BEDROCK", "bedrock-runtime.eu-west-1.amazonaws.com"),
    ("litellm", "VERTEX_AI", "oauth2.googleapis.com"),
]
