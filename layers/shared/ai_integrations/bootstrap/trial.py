"""Parts for the function that tries new keys."""

import os

from ai_integrations.bootstrap import parameters
from ai_integrations.runtime.guard import Guard
from ai_integrations.runtime.http_ladder import HttpLadder
from ai_integrations.runtime.ladder import Ladder
from ai_integrations.runtime.resolver import SystemResolver
from ai_integrations.runtime.verifying import KeyTrial, NoRoles


def key_trial() -> KeyTrial:
    """Return what tries keys, at public providers and those that the stack allows."""
    allowed = parameters.hosts(os.environ["ALLOWED_PRIVATE_HOSTS"])
    guard = Guard(resolver=SystemResolver(), allowed_private_hosts=allowed)
    return KeyTrial(Ladder(keys=HttpLadder(guard), roles=NoRoles()))
