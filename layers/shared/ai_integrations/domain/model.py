"""The domain's objects: immutable, and without any knowledge of AWS or HTTP."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import NamedTuple

from pydantic import SecretStr


class Role(StrEnum):
    """What an access key may do in its account (contract.md, "Caller")."""

    ADMIN = "admin"
    MEMBER = "member"
    READER = "reader"


class AuthType(StrEnum):
    """How a consumer authenticates at the provider."""

    DEFAULT = "DEFAULT"
    PROXY_WITH_HEADERS = "PROXY_WITH_HEADERS"
    BEARER_TOKEN = "BEARER_TOKEN"  # noqa: S105 - the name of a scheme


class Scoping(NamedTuple):
    """Who sees an integration: a space if one is named, else an organization, else the whole account."""

    organization_id: str | None = None
    space_id: str | None = None

    def reaches(self, organization_id: str | None, space_id: str | None) -> bool:
        """Tell whether it makes an integration visible to a space, and to an organization, that has these ids."""
        if self.space_id is not None:
            return self.space_id == space_id
        return self.organization_id in {None, organization_id}


ACCOUNT_WIDE = Scoping()


class Membership(NamedTuple):
    """A place that a caller belongs to, and whether the caller administers it."""

    organization_id: str | None = None
    space_id: str | None = None
    admin: bool = False

    def administers(self, scoping: Scoping) -> bool:
        """Tell whether this membership lets its holder publish to `scoping`.

        A scoping that names both ids must name the very pair of the membership: else a space could be claimed for
        an organization that it is not in.
        """
        if not self.admin or scoping == ACCOUNT_WIDE or scoping.space_id != self.space_id:
            return False
        return scoping.organization_id in {None, self.organization_id}


_NO_PLACE = Membership()


class Caller(NamedTuple):
    """Who calls: one user of one account."""

    account: str
    user: str
    role: Role
    memberships: tuple[Membership, ...] = ()

    def sees(self, scopings: tuple[Scoping, ...]) -> bool:
        """Tell whether these scopings make an integration visible to the caller."""
        return self.role is Role.ADMIN or any(
            scoping.reaches(own.organization_id, own.space_id)
            for scoping in scopings
            for own in (_NO_PLACE, *self.memberships)
        )

    def may_ask_for(self, space_id: str) -> bool:
        """Tell whether the caller may look at the account through the eyes of a space."""
        return self.role is Role.ADMIN or any(own.space_id == space_id for own in self.memberships)

    def may_write(self, scopings: tuple[Scoping, ...]) -> bool:
        """Tell whether the caller may create or change an integration that these scopings make visible."""
        if self.role is Role.MEMBER:
            return all(any(own.administers(scoping) for own in self.memberships) for scoping in scopings)
        return self.role is Role.ADMIN


class AccessKey(NamedTuple):
    """What is known of an access key once it has been handed out: everything but the key."""

    id: str
    caller: Caller
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Policy(NamedTuple):
    """What the stack's parameters say: which private hosts a base_url may name, and how long deleted things last."""

    recovery_window: timedelta
    allowed_private_hosts: frozenset[str] = frozenset()


class SecretVersion(NamedTuple):
    """Where a provider key lies, never the key itself.

    `version` is the one that is meant. A secret without is only referred to: somebody else owns it, and whatever is
    current there counts.
    """

    arn: str
    version: str | None

    @property
    def is_owned(self) -> bool:
        """Tell whether the service keeps this secret itself."""
        return self.version is not None


class PreviousKey(NamedTuple):
    """The key before the present one, which may still be asked for by its version until a moment."""

    secret: SecretVersion
    usable_until: datetime


class ExternalSecretArn(NamedTuple):
    """The ARN of a secret that somebody else keeps, as a caller named it: nothing is known of it yet."""

    arn: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a caller chooses about an integration, its key left out."""

    name: str
    provider: str
    base_url: str | None = None
    model_names: tuple[str, ...] | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    enable_default_models: bool = False
    function_calling_enabled: bool = True
    auth_type: AuthType = AuthType.DEFAULT
    provider_metadata: Mapping[str, str] | None = None
    scopings: tuple[Scoping, ...] = (ACCOUNT_WIDE,)


def folded(name: str) -> str:
    """Return what all spellings of a name have in common that differ in case or outer blanks alone."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


@dataclass(frozen=True, kw_only=True)
class Integration(Settings):
    """An external LLM provider as one account has registered it."""

    id: str
    account: str
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str
    secret: SecretVersion | None = None
    previous_key: PreviousKey | None = None

    def references(self, secret: SecretVersion) -> bool:
        """Check whether a secret version holds its current or its previous key."""
        return secret in {self.secret, self.previous_key and self.previous_key.secret}


class Tombstone(NamedTuple):
    """A deleted integration, for as long as it can be brought back."""

    integration: Integration
    deleted_at: datetime
    deleted_by: str
    expires_at: datetime


class Slice(NamedTuple):
    """Some integrations of an account, the newest first, and whether there are older ones."""

    integrations: tuple[Integration, ...]
    more: bool


class KeepKey(Enum):
    """What a change says of the API key when it does not mention it."""

    KEEP = "keep"


KeyChange = SecretStr | ExternalSecretArn | KeepKey | None
"""What a request says of an integration's key: the key, or where it lies; that it stays; that there is none."""


class Organization(NamedTuple):
    """An organization of the directory."""

    account: str
    id: str
    name: str
    created_at: datetime


class Space(NamedTuple):
    """A space of the directory; one that is known from scopings alone has no name."""

    account: str
    id: str
    organization_id: str | None = None
    name: str | None = None
    description: str | None = None
    created_at: datetime | None = None


class IdempotencyKey(NamedTuple):
    """A caller's name for one request, a digest of that request without its API key, and how long both count."""

    value: str
    fingerprint: str
    retention: timedelta = timedelta(hours=24)
