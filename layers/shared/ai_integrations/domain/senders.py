"""Senders: sources of events and CloudFormation stacks that may act for an account, as an operator registered them."""

from collections.abc import Iterable
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

    def caller(self, user: str) -> Caller:
        """Build the caller. `user` is on whose behalf the sender acts, which is its own word."""
        return Caller(account=self.account, user=user, role=self.role, memberships=self.memberships)


def select_stacks(patterns: Iterable[Sender], stack_name: str) -> Sender | None:
    """Select the pattern that a stack acts by: of several that match, the most specific one. Names are case-sensitive.

    That is the one with the most characters other than `*`; of those, the shortest; of those, the first by name.
    """
    # A registered pattern contains none of the other wildcards of fnmatch: CloudFormation allows them in no name.
    matching = [each for each in patterns if fnmatchcase(stack_name, each.name)]
    return min(matching, key=_generality, default=None)


def _generality(pattern: Sender) -> tuple[int, int, str]:
    literals = pattern.name.replace("*", "")
    return -len(literals), len(pattern.name), pattern.name
