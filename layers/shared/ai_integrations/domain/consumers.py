"""Consumers: IAM principals that an account allows to resolve integrations."""

from datetime import datetime
from typing import NamedTuple

from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.domain.principals import Principal


class Grant(NamedTuple):
    """What a consumer may resolve, in one of three ways.

    - `integrations`: these integrations, by ULID.
    - `memberships`: what a reader with these memberships sees, account-wide integrations included.
    - neither (both None): every integration of the account.
    """

    integrations: frozenset[str] | None = None
    memberships: tuple[Membership, ...] | None = None

    def includes(self, ulid: str) -> bool:
        """Check whether the grant does not exclude an integration by its id. Scopings are checked by its viewer."""
        return self.integrations is None or ulid in self.integrations


class Consumer(NamedTuple):
    """The grant of one account to one principal.

    `name` is for people. `principal_arn` is the ARN as the admin wrote it, path included.
    """

    id: str
    account: str
    principal: Principal
    principal_arn: str
    grant: Grant
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str
    name: str | None = None
    expires_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Check whether the grant has not expired."""
        return self.expires_at is None or now < self.expires_at

    def viewer(self, user: str) -> Caller:
        """Build the caller whose visibility applies when the consumer resolves an integration."""
        memberships = self.grant.memberships
        role = Role.ADMIN if memberships is None else Role.READER
        return Caller(account=self.account, user=user, role=role, memberships=memberships or ())


class ConsumerSlice(NamedTuple):
    """Part of an account's consumers, newest first. `more` is true if older ones follow."""

    consumers: tuple[Consumer, ...]
    more: bool


class Revocation(NamedTuple):
    """A revoked grant. It is kept for a while, so that the change event can name who revoked it."""

    consumer: Consumer
    revoked_at: datetime
    revoked_by: str
