"""Arguments for boto3's clients of Amazon Bedrock."""

import re
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import get_session

from ai_integrations_client.adapters.environment import refuse, refuse_proxy
from ai_integrations_client.adapters.settings import endpoint
from ai_integrations_client.errors import UnsuitableError
from ai_integrations_client.resolved import ResolvedIntegration

_CONFIG: dict[str, Any] = {
    # Overrides AWS_BEARER_TOKEN_BEDROCK and `auth_scheme_preference`, because it is set in code (botocore/handlers.py,
    # `_set_auth_scheme_preference_signer`).
    "signature_version": "v4",
    "ignore_configured_endpoint_urls": True,
    "use_dualstack_endpoint": False,
    "use_fips_endpoint": False,
}
# Hosts of endpoints, also with FIPS and dual-stack, in all partitions that are not secret, and names of VPC endpoints:
# https://docs.aws.amazon.com/general/latest/gr/bedrock.html, botocore/data/partitions.json and
# https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-interface-endpoints.html
_BEDROCK_HOST = re.compile(
    r"(?:.+\.)?bedrock(?:-[a-z]+)*\.(?P<region>[a-z]+(?:-[a-z]+)+-[0-9]+)\.(?:vpce\.)?"
    r"(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws|api\.amazonwebservices\.(?:com\.cn|eu))"
)


def bedrock_config() -> Config:
    """Build the settings that override the environment and the AWS configuration file."""
    return Config(**_CONFIG)


def bedrock_arguments(resolved: ResolvedIntegration, region: str | None = None) -> dict[str, Any]:
    """Build the arguments of `boto3.client("bedrock-runtime", …)`. That client fails once the credentials expire.

    `ai_integrations_client.bedrock` has a session that renews them. Without `region`, the region in the integration's
    base URL is used, then boto3's default. boto3 does not send the integration's headers.
    """
    credentials, address = credential_arguments(resolved), bedrock_endpoint(resolved)
    # Client-side monitoring sends session tokens to AWS_CSM_HOST (botocore/monitoring.py).
    if get_session().get_config_variable("csm_enabled"):
        refuse(resolved, "boto3", ["AWS_CSM_ENABLED (csm_enabled)"])
    refuse_proxy(resolved, "boto3", address)
    arguments = {
        **credentials,
        "region_name": region or bedrock_region(resolved),
        "endpoint_url": address,
        "config": bedrock_config(),
    }
    return {name: value for name, value in arguments.items() if value is not None}


def credential_arguments(resolved: ResolvedIntegration) -> dict[str, str]:
    """Reveal the temporary credentials; UnsuitableError if there are none."""
    credentials = resolved.aws_credentials
    if credentials is None:
        raise UnsuitableError(f"The provider is {resolved.provider}, so there are no AWS credentials.", resolved.name)
    return {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key.reveal(),
        "aws_session_token": credentials.session_token.reveal(),
    }


def bedrock_endpoint(resolved: ResolvedIntegration) -> str | None:
    """Get the address of an integration with a base URL; None for AWS's own in the region."""
    return None if resolved.base_url is None else endpoint(resolved, "root")


def bedrock_region(resolved: ResolvedIntegration) -> str | None:
    """Extract the region from the integration's base URL."""
    host = (urlsplit(resolved.base_url or "").hostname or "").removesuffix(".")
    found = _BEDROCK_HOST.fullmatch(host)
    return found["region"] if found else None
