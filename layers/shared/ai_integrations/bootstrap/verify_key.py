"""Compose functions/verify_key."""

import os

from ai_integrations.bootstrap import settings
from ai_integrations.bootstrap.init_phase import ends_init
from ai_integrations.key_access.connection_test.http import HttpSteps
from ai_integrations.key_access.connection_test.steps import ProviderSteps
from ai_integrations.key_access.federation_off import FederationOff
from ai_integrations.key_access.outbound.dns import SystemDnsResolver
from ai_integrations.key_access.outbound.guard import Guard
from ai_integrations.key_access.verify_key import KeyVerification, SkippedRoleSteps


@ends_init
def key_verification() -> KeyVerification:
    """Build the key verification."""
    allowed = settings.parse_hosts(os.environ["ALLOWED_PRIVATE_HOSTS"])
    guard = Guard(resolver=SystemDnsResolver(), allowed_private_hosts=allowed)
    return KeyVerification(ProviderSteps(keys=HttpSteps(guard, FederationOff()), roles=SkippedRoleSteps()))
