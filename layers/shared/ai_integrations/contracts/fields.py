"""The fields of bodies and answers: their form, and the rules that one field alone can break."""

import json
import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, GetPydanticSchema, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError, core_schema

from ai_integrations.contracts.enum_values import AUTH_TYPE_NAMES, KIND_NAMES, PROVIDER_NAMES
from ai_integrations.domain.url_policy import MAX_URL_LENGTH

MAX_HEADERS_BYTES = 8175
MAX_MODEL_NAMES_BYTES = 131_072  # with the other limits it keeps an item below DynamoDB's 400 KB
MAX_ID_BYTES = 1000  # with its prefix it is a sort key, which holds 1,024 bytes
MAX_KEY_BYTES = 65_536  # what one secret of Secrets Manager holds

# Texts, since a module's regular expressions cost a start 4 million instructions and few requests need one.
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_HEADER_VALUE = r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?"
# What user interfaces put in the place of characters, all said in one way.
_MASK = str.maketrans({"\u2022": "*", "\u25cf": "*", "\u2026": "..."})


def _broken(rule: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(rule, detail)


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        raise _broken("control_characters", "The text must not have control characters.")
    return text


def _usable_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text or text != text.strip():
        raise _broken("blank_key", "The key must not be empty, nor begin or end with white space.")
    if len(text.encode()) > MAX_KEY_BYTES:
        raise _broken("long_key", f"The key must have at most {MAX_KEY_BYTES} bytes.")
    if _is_masked(text):
        raise _broken("masked_key", "This is a masked key as it is shown to people. Send the key itself.")
    return key


def _is_masked(text: str) -> bool:
    """Tell whether it is a key as user interfaces show it: with stars or bullets, or an ellipsis before its end."""
    shown = text.translate(_MASK)
    return "**" in shown or shown == "..." or shown.partition("...")[2] != ""


def _fit_for_a_key(opaque_id: str) -> str:
    if len(opaque_id.encode()) > MAX_ID_BYTES:
        raise _broken("id_size", f"The id must have at most {MAX_ID_BYTES} bytes.")
    return opaque_id


def _whole(number: object) -> object:
    """Take 60.0 for 60: to JSON Schema both are integers."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _json_size(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _valid_model_names(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise _broken("repeated_item", "The list must not name a model twice.")
    if _json_size(names) > MAX_MODEL_NAMES_BYTES:
        raise _broken("model_names_size", f"The list must have at most {MAX_MODEL_NAMES_BYTES} bytes as JSON.")
    return names


def _valid_headers(headers: dict[str, str]) -> dict[str, str]:
    if not all(re.fullmatch(_HEADER_NAME, name) for name in headers):
        raise _broken("header_name", "Every name must be a valid HTTP header name.")
    if len({name.lower() for name in headers}) < len(headers):
        raise _broken("header_repeated", "No name may come twice, whatever its case.")
    if not all(re.fullmatch(_HEADER_VALUE, value) for value in headers.values()):
        raise _broken("header_value", "Every value must be a valid HTTP header value of plain ASCII characters.")
    if _json_size(headers) > MAX_HEADERS_BYTES:
        raise _broken("header_size", f"The headers must have at most {MAX_HEADERS_BYTES} bytes as JSON.")
    return headers


_PlainText = AfterValidator(_without_control_characters)
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=256),
    _PlainText,
    Field(description="Unique in the account, whatever its case."),
]
WholeNumber = Annotated[int, BeforeValidator(_whole)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=256), _PlainText]
MetadataValue = Annotated[str, StringConstraints(min_length=1, max_length=512), _PlainText]
# As AWS takes it when a role is assumed (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
ExternalId = Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[A-Za-z0-9_+=,.@:/-]*$")]
OpaqueId = Annotated[str, StringConstraints(min_length=1, max_length=256), _PlainText, AfterValidator(_fit_for_a_key)]
ProviderName = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(PROVIDER_NAMES))]
AuthTypeName = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(AUTH_TYPE_NAMES))]
KindName = Annotated[str, GetPydanticSchema(lambda _type, _handler: core_schema.literal_schema(KIND_NAMES))]
ApiKey = Annotated[
    SecretStr,
    AfterValidator(_usable_key),
    Field(description="The provider's API key: write-only, never returned. A masked key is refused."),
]
SecretArn = Annotated[
    str,
    StringConstraints(
        min_length=20, max_length=2048, pattern=r"^arn:[^:\s]+:secretsmanager:[^:\s]+:\d{12}:secret:\S+$"
    ),
    Field(
        description="In place of a key: a secret of Secrets Manager whose tag ai-integrations:account is the account."
    ),
]
Headers = Annotated[
    dict[str, str],
    AfterValidator(_valid_headers),
    Field(
        description=f"Sent with every request to the provider; at most {MAX_HEADERS_BYTES} bytes as JSON.",
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
        description="The models to offer, beside the provider's own if those are enabled.",
        json_schema_extra={"uniqueItems": True},
    ),
]
BaseUrl = Annotated[
    str,
    Field(
        description="Where the provider is reached instead of its default: https, and a public host.",
        json_schema_extra={"format": "uri", "maxLength": MAX_URL_LENGTH},
    ),
]
