"""Select how a client resolves integrations, from arguments and environment variables."""

import os
from typing import TYPE_CHECKING, NamedTuple, cast

from ai_integrations_client.errors import ConfigurationError
from ai_integrations_client.lambda_source import LambdaClient, LambdaSource
from ai_integrations_client.runtime import Runtime

if TYPE_CHECKING:
    from botocore.session import Session

    from ai_integrations_client.api_source import ApiSource

_URL, _REGION = "AI_INTEGRATIONS_URL", "AI_INTEGRATIONS_REGION"
_FUNCTION, _CONSUMER = "AI_INTEGRATIONS_FUNCTION", "AI_INTEGRATIONS_CONSUMER"
_ACCOUNT = "AI_INTEGRATIONS_ACCOUNT"
_BOTH = (
    f"Both the API ({_URL}) and the function for brokers ({_FUNCTION}) are configured. Unset the second, or pass "
    "either the argument url or the argument function to Client."
)
_CONSUMER_NEEDS_BROKER = (
    f"The argument consumer needs a broker ({_FUNCTION}). The API knows this program by its IAM role or user."
)


class Settings(NamedTuple):
    """The arguments of a client. Those that are None are read from the environment."""

    url: str | None = None
    account: str | None = None
    region: str | None = None
    session: "Session | None" = None
    function: str | None = None
    consumer: str | None = None
    lambda_client: LambdaClient | None = None

    @property
    def has_api_arguments(self) -> bool:
        """Whether an argument is given that only the API needs."""
        return bool(self.url or self.region) or self.session is not None

    @property
    def has_function_arguments(self) -> bool:
        """Whether an argument is given that only a broker needs."""
        return bool(self.function) or self.lambda_client is not None


def create_source(settings: Settings, runtime: Runtime) -> "ApiSource | LambdaSource":
    """Create the source of a client. Arguments go before the environment.

    Raise ConfigurationError if a setting is missing, or if it is not clear which of the two is meant.
    """
    given = settings.has_api_arguments, settings.has_function_arguments
    uses_api, uses_function = given if any(given) else (_is_set(_URL), _is_set(_FUNCTION))
    if uses_api and uses_function:
        raise ConfigurationError(_BOTH)
    return _create_lambda_source(settings) if uses_function else _create_api_source(settings, runtime)


def create_lambda_client() -> LambdaClient:
    """Create a boto3 client with short timeouts, because the caller of this program may be waiting."""
    import boto3  # noqa: PLC0415 - not needed if a client is passed
    from botocore.config import Config  # noqa: PLC0415

    config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return cast("LambdaClient", boto3.client("lambda", config=config))


def _create_lambda_source(settings: Settings) -> LambdaSource:
    return LambdaSource(
        settings.lambda_client or create_lambda_client(),
        function=settings.function or _read_setting(_FUNCTION),
        account=settings.account or _read_setting(_ACCOUNT),
        consumer=settings.consumer or _read_setting(_CONSUMER, "AWS_LAMBDA_FUNCTION_NAME"),
    )


def _create_api_source(settings: Settings, runtime: Runtime) -> "ApiSource":
    # Brokers need none of these modules, which load large parts of botocore.
    from botocore.session import get_session  # noqa: PLC0415

    from ai_integrations_client.api_address import parse_address  # noqa: PLC0415
    from ai_integrations_client.api_source import ApiSource  # noqa: PLC0415
    from ai_integrations_client.signed_connection import SignedConnection  # noqa: PLC0415

    if settings.consumer:
        raise ConfigurationError(_CONSUMER_NEEDS_BROKER)
    url = settings.url or _read_setting(_URL)
    session = settings.session or get_session()
    default_region = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    address = parse_address(url, settings.region or os.environ.get(_REGION), default_region)
    return ApiSource(
        SignedConnection(address, session, runtime),
        account=settings.account or os.environ.get(_ACCOUNT),
        clock=runtime.clock,
    )


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name))


def _read_setting(*names: str) -> str:
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise ConfigurationError(f"{names[0]} is not set. Set this environment variable or pass the argument to Client.")
