"""Field types of requests and responses, with the rules that concern a single field."""

import json
import re
import unicodedata
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BeforeValidator, Field, GetPydanticSchema, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError, SchemaValidator, core_schema

from ai_integrations.contracts import ids
from ai_integrations.contracts.enum_values import AUTH_TYPE_NAMES, KIND_NAMES, PROVIDER_NAMES
from ai_integrations.domain import api_keys, rules
from ai_integrations.domain.errors import InvalidRequestError
from ai_integrations.domain.url_policy import MAX_URL_LENGTH

MAX_HEADERS_BYTES = 8175
MAX_MODEL_NAMES_BYTES = 131_072  # with the other limits, keeps an item below DynamoDB's 400 KB
MAX_ID_BYTES = 1000  # with a prefix it is a sort key, which DynamoDB limits to 1,024 bytes
MAX_KEY_BYTES = 65_536  # the limit of a secret in Secrets Manager

# Pattern strings, not compiled: compiling at import would add 4M instructions to every cold start.
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_VALUE = r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?"
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, and the `!` of secrets that AWS
# services manage. The name ends with a hyphen and six characters that Secrets Manager adds.
_COMPLETE_ARN = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]{1,512}-[A-Za-z0-9]{6}"


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise PydanticCustomError("control_characters", "The text must not contain control characters.")
    return text


def _valid_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text or text != text.strip():
        raise PydanticCustomError("blank_key", "The key must not be empty, and must not start or end with whitespace.")
    if len(text.encode()) > MAX_KEY_BYTES:
        raise PydanticCustomError("long_key", f"The key must have at most {MAX_KEY_BYTES} bytes.")
    flaw = api_keys.find_placeholder(text)
    if flaw:
        raise PydanticCustomError("placeholder_key", flaw)
    return key


def _valid_model_name(name: str) -> str:
    flaw = rules.find_model_name_flaw(name)
    if flaw:
        raise PydanticCustomError("model_name", flaw)
    return name


def _visible_name(name: str) -> str:
    if rules.has_format_characters(name):
        raise PydanticCustomError("format_characters", "The name must not contain invisible characters.")
    return name


def _valid_secret_arn(arn: str) -> str:
    if not re.fullmatch(_COMPLETE_ARN, arn):
        raise PydanticCustomError(
            "secret_arn", "The value must be the complete ARN of a secret, with the six characters at its end."
        )
    return arn


def _valid_sort_key(opaque_id: str) -> str:
    if len(opaque_id.encode()) > MAX_ID_BYTES:
        raise PydanticCustomError("id_size", f"The id must have at most {MAX_ID_BYTES} bytes.")
    return opaque_id


def _integral(number: object) -> object:
    """Convert 60.0 to 60: both are integers in JSON Schema."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _json_size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _valid_model_names(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise PydanticCustomError("repeated_item", "The list must not contain a model twice.")
    if _json_size(names) > MAX_MODEL_NAMES_BYTES:
        raise PydanticCustomError(
            "model_names_size", f"The list must have at most {MAX_MODEL_NAMES_BYTES} bytes as JSON."
        )
    return names


def _valid_headers(headers: dict[str, str]) -> dict[str, str]:
    if not all(re.fullmatch(_HEADER_NAME, name) for name in headers):
        raise PydanticCustomError("header_name", "Every name must be a valid HTTP header name.")
    if len({name.lower() for name in headers}) < len(headers):
        raise PydanticCustomError("header_repeated", "No name may appear twice, ignoring case.")
    if not all(re.fullmatch(_HEADER_VALUE, value) for value in headers.values()):
        raise PydanticCustomError("header_value", "Every value must be a valid HTTP header value in ASCII.")
    if _json_size(headers) > MAX_HEADERS_BYTES:
        raise PydanticCustomError("header_size", f"The headers must have at most {MAX_HEADERS_BYTES} bytes as JSON.")
    return headers


def _valid_integration_id(text: str) -> str:
    try:
        ids.decode(text)
    except InvalidRequestError as error:
        raise PydanticCustomError("integration_id_type", "This is not the id of an AI integration.") from error
    return text


def _federation_schema() -> core_schema.CoreSchema:
    """Build the schema of `federation`: the fields of all providers, because a patch does not name its provider."""
    from ai_integrations.domain.federations import FEDERATION_KINDS  # noqa: PLC0415 - as in domain/providers.py

    text = core_schema.str_schema(min_length=1, max_length=MAX_URL_LENGTH)
    names = dict.fromkeys(name for kind in FEDERATION_KINDS for name in kind.fields)
    fields = {name: core_schema.typed_dict_field(text, required=False) for name in names}
    parameters = core_schema.typed_dict_field(core_schema.dict_schema(text, text), required=False)
    return core_schema.typed_dict_schema({**fields, "parameters": parameters}, extra_behavior="forbid")


def _valid_federation(settings: object) -> dict[str, Any]:
    """Validate `federation`. Only requests that contain one pay for building the validator."""
    valid: dict[str, Any] = _federation_validator().validate_python(settings)
    return valid


@cache
def _federation_validator() -> SchemaValidator:
    return SchemaValidator(_federation_schema())


FieldT = TypeVar("FieldT")
# A field that may be absent, which reads as None, but not null: null is validated as FieldT and rejected.
NotNull = Annotated[FieldT | None, GetPydanticSchema(lambda optional, handler: handler(get_args(optional)[0]))]
IntegrationId = Annotated[
    str,
    AfterValidator(_valid_integration_id),
    Field(description="The id of an integration, as in the HTTP API.", json_schema_extra={"pattern": ids.PATTERN}),
]
_PlainText = AfterValidator(_without_control_characters)
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=256),
    _PlainText,
    Field(description="Unique per account, ignoring case."),
]
WholeNumber = Annotated[int, BeforeValidator(_integral)]
PlaceName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=256),
    _PlainText,
    AfterValidator(_visible_name),
]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=256), _PlainText]
TestedModelName = Annotated[ModelName, AfterValidator(_valid_model_name)]
MetadataValue = Annotated[str, StringConstraints(min_length=1, max_length=512), _PlainText]
RoleArn = Annotated[str, StringConstraints(min_length=1, max_length=2048), _PlainText]
# The limits of sts:AssumeRole (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
ExternalId = Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[A-Za-z0-9_+=,.@:/-]*$")]
OpaqueId = Annotated[str, StringConstraints(min_length=1, max_length=256), _PlainText, AfterValidator(_valid_sort_key)]
ProviderName = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(PROVIDER_NAMES))]
AuthTypeName = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(AUTH_TYPE_NAMES))]
KindName = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(KIND_NAMES))]
ApiKey = Annotated[
    SecretStr,
    AfterValidator(_valid_key),
    Field(
        description=(
            "The provider's API key. Write-only: no response contains it. Masked keys, placeholders and texts that no "
            "HTTP header can carry are rejected."
        )
    ),
]
SecretArn = Annotated[
    str,
    StringConstraints(
        min_length=20, max_length=2048, pattern=r"^arn:[^:\s]+:secretsmanager:[^:\s]+:\d{12}:secret:\S+$"
    ),
    AfterValidator(_valid_secret_arn),
    Field(
        description="Instead of a key: a Secrets Manager secret whose tag ai-integrations:account is the account. "
        "Except for the provider's own address, its tag ai-integrations:hosts must list the host."
    ),
]
Headers = Annotated[
    dict[str, str],
    AfterValidator(_valid_headers),
    Field(
        description=(
            f"Sent with every request to the provider. At most {MAX_HEADERS_BYTES} bytes as JSON. "
            "Headers that frame or route a request, for example Host, are rejected."
        ),
        json_schema_extra={
            "propertyNames": {"pattern": f"^{_HEADER_NAME}$"},
            "additionalProperties": {"type": "string", "pattern": f"^{_HEADER_VALUE}$"},
        },
    ),
]
ModelNames = Annotated[
    list[ModelName],
    AfterValidator(_valid_model_names),
    Field(
        description="Models to offer, in addition to the provider's default models if those are enabled.",
        json_schema_extra={"uniqueItems": True},
    ),
]
FederationSettings = Annotated[
    dict[str, Any],
    GetPydanticSchema(
        lambda _type, _handler: core_schema.no_info_plain_validator_function(_valid_federation),
        lambda _schema, handler: handler(_federation_schema()),
    ),
    Field(
        description="Instead of a key: the provider exchanges an identity token of AWS for access tokens. Each "
        "provider has fields of its own. GET /v2/ai-integrations/{id}/federation returns what it must trust.",
    ),
]
BaseUrl = Annotated[
    str,
    Field(
        description="Address to use instead of the provider's own: https and a public host, with or without the API's "
        "version, and without a query.",
        json_schema_extra={"format": "uri", "maxLength": MAX_URL_LENGTH},
    ),
]
