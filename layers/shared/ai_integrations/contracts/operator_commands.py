"""What operators send to the functions that they invoke directly, and what they get back."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, RootModel, StringConstraints

from ai_integrations.contracts.caller import caller_item
from ai_integrations.contracts.fields import OpaqueId
from ai_integrations.contracts.wire_model import DEFER_BUILD, InputModel
from ai_integrations.domain.model import AccessKey, Caller, Membership, Organization, Role, Space

# It becomes part of a secret's name, whose characters AWS limits.
Account = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_=@.+-]{1,128}$")]
User = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,256}$")]
PlaceName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]


class MembershipBody(InputModel):
    """A place that a key's holder belongs to."""

    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None
    admin: bool = False


class IssueAccessKey(InputModel):
    """Make a key for one user of one account. An admin needs no memberships, a member sees little without."""

    action: Literal["issue"]
    account: Account
    user: User
    role: Role
    memberships: list[MembershipBody] = Field(default=[], max_length=50)
    expires_at: AwareDatetime | None = None

    def holder(self) -> Caller:
        """Return whom the key stands for."""
        memberships = tuple(Membership(**vars(each)) for each in self.memberships)
        return Caller(account=self.account, user=self.user, role=self.role, memberships=memberships)


class ListAccessKeys(InputModel):
    """Tell which keys an account has and had."""

    action: Literal["list"]
    account: Account


class RevokeAccessKey(InputModel):
    """Make a key useless; calls with it are refused within 60 seconds."""

    action: Literal["revoke"]
    account: Account
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{26}$")]


class AccessKeyCommand(RootModel[IssueAccessKey | ListAccessKeys | RevokeAccessKey]):
    """One of the commands about access keys, told apart by `action`."""

    model_config = DEFER_BUILD

    root: IssueAccessKey | ListAccessKeys | RevokeAccessKey = Field(discriminator="action")


class RegisterOrganization(InputModel):
    """Write an organization, over what was known of it."""

    action: Literal["register_organization"]
    account: Account
    id: OpaqueId
    name: PlaceName


class RegisterSpace(InputModel):
    """Write a space, over what was known of it; its organization must be registered."""

    action: Literal["register_space"]
    account: Account
    id: OpaqueId
    name: PlaceName
    organization_id: OpaqueId | None = None
    description: Annotated[str, StringConstraints(max_length=1024)] | None = None


class RemoveSpace(InputModel):
    """Forget a space; what is scoped to it stays so."""

    action: Literal["remove_space"]
    account: Account
    id: OpaqueId


class ListPlaces(InputModel):
    """Tell which organizations and spaces an account has."""

    action: Literal["list"]
    account: Account


class PlaceCommand(RootModel[RegisterOrganization | RegisterSpace | RemoveSpace | ListPlaces]):
    """One of the commands about the directory, told apart by `action`."""

    model_config = DEFER_BUILD

    root: RegisterOrganization | RegisterSpace | RemoveSpace | ListPlaces = Field(discriminator="action")


class SweepCommand(InputModel):
    """Look for what failures left behind; a dry run looks only."""

    dry_run: bool = False


def place_view(place: Organization | Space) -> dict[str, Any]:
    """Show an organization or a space of the directory."""
    return {**place._asdict(), "created_at": _text(place.created_at)}


def access_key_view(access_key: AccessKey) -> dict[str, Any]:
    """Show what is known of a key; neither the key nor its hash is part of it."""
    return {
        "id": access_key.id,
        **caller_item(access_key.caller),
        "created_at": _text(access_key.created_at),
        "expires_at": _text(access_key.expires_at),
        "revoked_at": _text(access_key.revoked_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
