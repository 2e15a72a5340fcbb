"""The domain's values: immutable, and independent of AWS and HTTP."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Flag, StrEnum
from types import MappingProxyType
from typing import NamedTuple

from pydantic import SecretStr

from ai_integrations.domain.iam_roles import IamRole


class Role(StrEnum):
    """What an access key may do in its account (contract.md, "Caller")."""

    ADMIN = "admin"
    MEMBER = "member"
    READER = "reader"


class AuthType(StrEnum):
    """How a consumer authenticates to the provider."""

    DEFAULT = "DEFAULT"
    PROXY_WITH_HEADERS = "PROXY_WITH_HEADERS"
    BEARER_TOKEN = "BEARER_TOKEN"  # noqa: S105 - the name of a scheme


class Scoping(NamedTuple):
    """A visibility rule of an integration: the named space, otherwise the named organization, otherwise the account."""

    organization_id: str | None = None
    space_id: str | None = None

    def includes(self, organization_id: str | None, space_id: str | None) -> bool:
        """Check whether the rule makes an integration visible to this organization or space."""
        if self.space_id is not None:
            return self.space_id == space_id
        return self.organization_id in {None, organization_id}


ACCOUNT_WIDE = Scoping()


class Membership(NamedTuple):
    """An organization or space that a caller belongs to, and whether the caller administers it."""

    organization_id: str | None = None
    space_id: str | None = None
    admin: bool = False

    def administers(self, scoping: Scoping) -> bool:
        """Check whether this membership allows writing integrations with this scoping.

        A scoping with both ids must match both: otherwise a caller could assign a space to an organization that it
        does not belong to.
        """
        if not self.admin or scoping == ACCOUNT_WIDE or scoping.space_id != self.space_id:
            return False
        return scoping.organization_id in {None, self.organization_id}


class Caller(NamedTuple):
    """The user, account, role and memberships behind a request."""

    account: str
    user: str
    role: Role
    memberships: tuple[Membership, ...] = ()

    def may_view_space(self, space_id: str) -> bool:
        """Check whether the caller may list the integrations that a space sees."""
        return self.role is Role.ADMIN or any(own.space_id == space_id for own in self.memberships)

    def may_write(self, scopings: tuple[Scoping, ...]) -> bool:
        """Check whether the caller may create or change an integration with these scopings."""
        if self.role is Role.MEMBER:
            return all(any(own.administers(scoping) for own in self.memberships) for scoping in scopings)
        return self.role is Role.ADMIN


class AccessKey(NamedTuple):
    """An issued access key, without the key itself."""

    id: str
    caller: Caller
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Policy(NamedTuple):
    """The settings of the stack that the use cases depend on.

    `recovery_window` is how long a deleted integration can be restored. `aws_account` is the AWS account of the stack.
    `allowed_private_hosts` is the allow-list of hosts that a base_url may name although they are private, or with
    `http`. `federation_issuer` is the issuer of identity tokens, or empty if workload identity federation is off.
    """

    recovery_window: timedelta
    aws_account: str
    allowed_private_hosts: frozenset[str]
    federation_issuer: str


class SecretVersion(NamedTuple):
    """The location of an API key in Secrets Manager, never the key itself.

    `version` is None for an external secret, which the service only references: its current version is used.
    """

    arn: str
    version: str | None

    @property
    def is_owned(self) -> bool:
        """Check whether this service stores the secret."""
        return self.version is not None


class Federation(NamedTuple):
    """How an integration gets access tokens instead of a key: by exchanging an identity token of AWS.

    `fields` are those of the provider's row in domain/federations.py. `parameters` are further parameters of the token
    request.
    """

    fields: Mapping[str, str]
    parameters: Mapping[str, str] = MappingProxyType({})


class CredentialsSet(NamedTuple):
    """When and by whom the credentials of an integration were set."""

    at: datetime
    by: str


class PreviousKey(NamedTuple):
    """The key before the last rotation. It can be read by its version until `usable_until`.

    `credentials_set` is that of the integration while this key was the current one.
    """

    secret: SecretVersion
    usable_until: datetime
    credentials_set: CredentialsSet | None = None


class ExternalSecretArn(NamedTuple):
    """The ARN of an external secret as the caller sent it. It has not been checked yet."""

    arn: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a caller chooses about an integration, without its key."""

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

    @property
    def iam_role(self) -> IamRole | None:
        """The IAM role that consumers use instead of a key, if the provider takes one."""
        metadata = self.provider_metadata or {}
        if "role_arn" not in metadata:
            return None
        return IamRole(arn=metadata["role_arn"], external_id=metadata.get("external_id"))


# Default_Ignorable_Code_Point without format characters (category Cf), which names must not contain.
_INVISIBLE = r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"


def fold_name(name: str) -> str:
    """Normalize a name for comparison: names that look the same get the same result.

    Ignores case, compatibility forms and invisible characters (Unicode Standard, section 3.13, `toNFKC_Casefold`), and
    treats any whitespace as one blank.
    """
    visible = re.sub(_INVISIBLE, "", unicodedata.normalize("NFKC", name))
    return " ".join(unicodedata.normalize("NFKC", visible.casefold()).split())


@dataclass(frozen=True, kw_only=True)
class Integration(Settings):
    """An LLM provider as one account registered it.

    `credentials_set` is None if the credentials are those of the creation.
    """

    id: str
    account: str
    version: int
    created_at: datetime
    updated_at: datetime
    created_by: str
    updated_by: str
    secret: SecretVersion | None = None
    previous_key: PreviousKey | None = None
    federation: Federation | None = None
    credentials_set: CredentialsSet | None = None

    @classmethod
    def new(cls, settings: Settings, caller: Caller, ulid: str, now: datetime, *, version: int = 1) -> "Integration":
        """Build an integration from a caller's settings, without a key."""
        return cls(
            **vars(settings),
            id=ulid,
            account=caller.account,
            version=version,
            created_at=now,
            updated_at=now,
            created_by=caller.user,
            updated_by=caller.user,
        )

    @property
    def credentials(self) -> tuple[SecretVersion | None, Federation | None, IamRole | None]:
        """What consumers authenticate with: a key, a federation or an IAM role. Without any, all are None."""
        return self.secret, self.federation, self.iam_role

    @property
    def last_credentials_set(self) -> CredentialsSet:
        """When and by whom the current credentials, or the lack of any, were set."""
        return self.credentials_set or CredentialsSet(at=self.created_at, by=self.created_by)

    def references(self, secret: SecretVersion) -> bool:
        """Check whether a secret version holds its current or its previous key."""
        return secret in {self.secret, self.previous_key and self.previous_key.secret}


class Tombstone(NamedTuple):
    """A deleted integration during its recovery window."""

    integration: Integration
    deleted_at: datetime
    deleted_by: str
    expires_at: datetime

    def is_restorable(self, now: datetime) -> bool:
        """Check whether the recovery window lasts. DynamoDB deletes expired items up to some days late."""
        return now < self.expires_at


class Slice(NamedTuple):
    """Part of an account's integrations, newest first. `more` is true if older ones follow."""

    integrations: tuple[Integration, ...]
    more: bool


class Removal(Flag):
    """The kinds of credentials that a request removes. NOTHING keeps all."""

    NOTHING = 0
    KEY = 1
    FEDERATION = 2


CredentialChange = SecretStr | ExternalSecretArn | Federation | Removal
"""What a request does with the credentials: set a key, an external secret or a federation, or only remove or keep some.

An integration has credentials of one kind: setting them removes those of the other kinds.
"""


def keeps(kind: Removal, change: CredentialChange) -> bool:
    """Check whether a change of the credentials keeps those of a kind."""
    return isinstance(change, Removal) and kind not in change


class Organization(NamedTuple):
    """An organization in the directory."""

    account: str
    id: str
    name: str
    created_at: datetime


class Space(NamedTuple):
    """A space in the directory. It has no name and no creation time if only scopings mention it."""

    account: str
    id: str
    organization_id: str | None
    name: str | None = None
    description: str | None = None
    created_at: datetime | None = None


class IdempotencyKey(NamedTuple):
    """A user's name for one request. Two users may choose the same value.

    `fingerprint` is a digest of the request without its API key. A retry within `retention` must have the same one.
    """

    user: str
    value: str
    fingerprint: str
    retention: timedelta = timedelta(hours=24)
