"""Senders: sources of events and CloudFormation stacks that may act for an account, as an operator registered them."""

from datetime import datetime
from enum import Enum
from fnmatch import fnmatchcase
from typing import NamedTuple

from ai_integrations.domain.model import Caller, Membership, Role


class SenderKind(Enum):
    """What a sender is. The values are part of stored keys."""

    SOURCE = "SOURCE"
    STACKS = "STACKS"


class Sender(NamedTuple):
    """The right of a source or of stacks in one AWS account to act for an account of the registry.

    `name` is the source of the events, or a pattern of stack names in which `*` stands for any characters.
    """

    account: str
    kind: SenderKind
    aws_account: str
    name: str
    role: Role
    memberships: tuple[Membership, ...]
    registered_at: datetime

    def includes_stack(self, stack_name: str) -> bool:
        """Check whether the pattern matches the name of a stack. Names are case-sensitive."""
        return fnmatchcase(stack_name, self.name)

    def caller(self, user: str) -> Caller:
        """Build the caller. `user` is on whose behalf the sender acts, which is its own word."""
        return Caller(account=self.account, user=user, role=self.role, memberships=self.memberships)
