"""Commands of operators to the functions that they invoke directly, and the responses."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, RootModel, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ai_integrations.contracts.caller import caller_item
from ai_integrations.contracts.fields import OpaqueId, PlaceName
from ai_integrations.contracts.wire_model import DEFER_BUILD, InputModel
from ai_integrations.domain.model import AccessKey, Caller, Membership, Organization, Role, Space
from ai_integrations.domain.senders import Sender, SenderKind

# Part of a secret's name, for which AWS limits the characters.
Account = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_=@.+-]{1,128}$")]
# The quota of secrets in one AWS account and region.
MOST_REMOVALS = 500_000
User = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,256}$")]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError("expiry_year", "The time must be in the years 1 to 9999, in UTC too.") from error


class MembershipBody(InputModel):
    """An organization or space that the holder of a key belongs to."""

    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None
    admin: bool = False


class _Rights(InputModel):
    """What a caller may do in an account. Without memberships, only an admin sees scoped integrations."""

    role: Role
    memberships: list[MembershipBody] = Field(default=[], max_length=50)

    def member_of(self) -> tuple[Membership, ...]:
        """Convert the memberships."""
        return tuple(Membership(**vars(each)) for each in self.memberships)


class IssueAccessKey(_Rights):
    """Issue a key to one user of one account."""

    action: Literal["issue"]
    account: Account
    user: User
    expires_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None

    def holder(self) -> Caller:
        """Build the caller that the key will identify."""
        return Caller(account=self.account, user=self.user, role=self.role, memberships=self.member_of())


class ListAccessKeys(InputModel):
    """List the keys of an account, revoked and expired ones included."""

    action: Literal["list"]
    account: Account


class RevokeAccessKey(InputModel):
    """Revoke a key. Requests with it are rejected after at most 60 seconds."""

    action: Literal["revoke"]
    account: Account
    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{26}$")]


class _SenderCommand(InputModel):
    """A command about one sender."""

    kind: ClassVar[SenderKind]

    account: Account
    aws_account: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]


class _SourceCommand(_SenderCommand):
    kind = SenderKind.SOURCE

    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    source: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,256}$")]

    @property
    def name(self) -> str:
        """The name of the sender in its AWS account."""
        return self.source


class _StacksCommand(_SenderCommand):
    kind = SenderKind.STACKS

    stack_names: Annotated[
        str,
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html, and the wildcard
        StringConstraints(pattern=r"^[A-Za-z0-9*-]{1,128}$"),
        Field(description="The name of a stack, or a pattern in which * stands for any characters."),
    ]

    @property
    def name(self) -> str:
        """The name of the sender in its AWS account."""
        return self.stack_names


class RegisterSource(_SourceCommand, _Rights):
    """Let events with a source, sent from an AWS account, act for an account of the registry."""

    action: Literal["register_source"]


class RegisterStacks(_StacksCommand, _Rights):
    """Let CloudFormation stacks of an AWS account act for an account of the registry."""

    action: Literal["register_stacks"]


class RemoveSource(_SourceCommand):
    """Remove a registered source. Its requests are refused from then on."""

    action: Literal["remove_source"]


class RemoveStacks(_StacksCommand):
    """Remove registered stacks. Their requests are refused from then on."""

    action: Literal["remove_stacks"]


class ListSenders(InputModel):
    """List the registered sources and stacks of an account."""

    action: Literal["list_senders"]
    account: Account


def sender_of(command: RegisterSource | RegisterStacks, now: datetime) -> Sender:
    """Build the sender that a command registers."""
    return Sender(
        account=command.account,
        kind=command.kind,
        aws_account=command.aws_account,
        name=command.name,
        role=command.role,
        memberships=command.member_of(),
        registered_at=now,
    )


_CallerCommand = (
    IssueAccessKey
    | ListAccessKeys
    | RevokeAccessKey
    | RegisterSource
    | RegisterStacks
    | RemoveSource
    | RemoveStacks
    | ListSenders
)


class CallerCommand(RootModel[_CallerCommand]):
    """A command about who may act for an account: access keys and senders. `action` selects it."""

    model_config = DEFER_BUILD

    root: _CallerCommand = Field(discriminator="action")


class RegisterOrganization(InputModel):
    """Create or replace an organization."""

    action: Literal["register_organization"]
    account: Account
    id: OpaqueId
    name: PlaceName


class RegisterSpace(InputModel):
    """Create or replace a space. Its organization must be registered."""

    action: Literal["register_space"]
    account: Account
    id: OpaqueId
    name: PlaceName
    organization_id: OpaqueId | None = None
    description: Annotated[str, StringConstraints(max_length=1024)] | None = None


class RemoveSpace(InputModel):
    """Remove a space from the directory. Integrations that are scoped to it stay unchanged."""

    action: Literal["remove_space"]
    account: Account
    id: OpaqueId


class ListPlaces(InputModel):
    """List the organizations and spaces of an account."""

    action: Literal["list"]
    account: Account


class PlaceCommand(RootModel[RegisterOrganization | RegisterSpace | RemoveSpace | ListPlaces]):
    """A command about the directory of organizations and spaces. `action` selects it."""

    model_config = DEFER_BUILD

    root: RegisterOrganization | RegisterSpace | RemoveSpace | ListPlaces = Field(discriminator="action")


class SweepCommand(InputModel):
    """Remove orphaned secrets. A dry run only reports them; `confirm` allows a number of removals, and removes none."""

    dry_run: bool = False
    confirm: Annotated[int, Field(ge=0, le=MOST_REMOVALS)] | None = None

    @model_validator(mode="after")
    def _is_one_command(self) -> Self:
        if self.dry_run and self.confirm is not None:
            raise PydanticCustomError("two_commands", "Send dry_run or confirm, not both.")
        return self


def place_view(place: Organization | Space) -> dict[str, Any]:
    """Render an organization or a space."""
    return {**place._asdict(), "created_at": _text(place.created_at)}


def access_key_view(access_key: AccessKey) -> dict[str, Any]:
    """Render an access key, without the key and its hash."""
    return {
        "id": access_key.id,
        **caller_item(access_key.caller),
        "created_at": _text(access_key.created_at),
        "expires_at": _text(access_key.expires_at),
        "revoked_at": _text(access_key.revoked_at),
    }


def sender_view(sender: Sender) -> dict[str, Any]:
    """Render a sender."""
    name = "source" if sender.kind is SenderKind.SOURCE else "stack_names"
    return {
        "account": sender.account,
        "aws_account": sender.aws_account,
        name: sender.name,
        "role": sender.role.value,
        "memberships": [each._asdict() for each in sender.memberships],
        "registered_at": _text(sender.registered_at),
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
