"""Request bodies of consumers, and their conversion to domain values."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from ai_integrations.contracts import ids
from ai_integrations.contracts.fields import IntegrationId, NotNull, OpaqueId, PlaceName
from ai_integrations.contracts.wire_model import InputModel
from ai_integrations.domain.consumers import Grant
from ai_integrations.domain.model import Membership
from ai_integrations.domain.principals import principal_of

_GRANT_FIELDS = {"integration_ids", "memberships", "all_integrations"}


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError("expiry_year", "The time must be in the years 1 to 9999, in UTC too.") from error


def _role_or_user(arn: str) -> str:
    if principal_of(arn) is None:
        raise PydanticCustomError(
            "principal_arn",
            "The value must be the ARN of an IAM role or user, for example arn:aws:iam::111122223333:role/billing.",
        )
    return arn


def _without_repetition(ids_sent: list[str]) -> list[str]:
    if len(set(ids_sent)) < len(ids_sent):
        raise PydanticCustomError("repeated_item", "The list must not contain an integration twice.")
    return ids_sent


class ConsumerMembership(InputModel):
    """An organization or space whose integrations the consumer may resolve."""

    organization_id: OpaqueId | None = None
    space_id: OpaqueId | None = None

    @model_validator(mode="after")
    def _names_a_place(self) -> Self:
        if self.organization_id is None and self.space_id is None:
            raise PydanticCustomError("no_place", "The membership must name an organization or a space.")
        return self


IntegrationIds = Annotated[
    list[IntegrationId],
    Field(
        min_length=1,
        max_length=100,
        description="The only integrations that the consumer may resolve.",
        json_schema_extra={"uniqueItems": True},
    ),
    AfterValidator(_without_repetition),
]
Memberships = Annotated[
    list[ConsumerMembership],
    Field(
        max_length=50,
        description="The consumer may resolve what these organizations and spaces see, and account-wide integrations.",
    ),
]
AllIntegrations = Annotated[Literal[True], Field(description="The consumer may resolve every integration.")]
ConsumerName = Annotated[PlaceName, Field(description="A name for people.")]
ExpiresAt = Annotated[
    AwareDatetime, AfterValidator(_in_utc), Field(description="After this time, the grant has no effect.")
]


class ConsumerBody(InputModel):
    """The fields that both bodies share. A null or absent `name` or `expires_at` is None; a grant cannot be null."""

    name: ConsumerName | None = None
    expires_at: ExpiresAt | None = None
    integration_ids: NotNull[IntegrationIds] = None
    memberships: NotNull[Memberships] = None
    all_integrations: NotNull[AllIntegrations] = None

    def grant(self) -> Grant:
        """Build the grant of a body that contains one."""
        if self.integration_ids is not None:
            return Grant(integrations=frozenset(map(ids.decode, self.integration_ids)))
        if self.memberships is not None:
            return Grant(memberships=tuple(Membership(**vars(each)) for each in self.memberships))
        return Grant()

    def _count_grants(self) -> int:
        return len(_GRANT_FIELDS & self.model_fields_set)


class NewConsumer(ConsumerBody):
    """A principal, and what it may resolve: exactly one of `integration_ids`, `memberships` and `all_integrations`."""

    principal_arn: Annotated[
        str,
        StringConstraints(max_length=2048),
        AfterValidator(_role_or_user),
        Field(description="The ARN of an IAM role or user. Sessions of a role are the role."),
    ]

    @model_validator(mode="after")
    def _has_one_grant(self) -> Self:
        if self._count_grants() != 1:
            raise PydanticCustomError("one_grant", "Send one of integration_ids, memberships and all_integrations.")
        return self


class ConsumerChange(ConsumerBody):
    """A partial update: absent fields stay, null removes the name or the expiry, a grant replaces the old one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def _has_one_change(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "The change must have at least one field.")
        if self._count_grants() > 1:
            raise PydanticCustomError(
                "one_grant", "Send only one of integration_ids, memberships and all_integrations."
            )
        return self

    def changes(self) -> dict[str, Any]:
        """List the fields of a consumer that the request changes, as domain values."""
        values = {"name": self.name, "expires_at": self.expires_at}
        sent: dict[str, Any] = {name: value for name, value in values.items() if name in self.model_fields_set}
        return {**sent, "grant": self.grant()} if self._count_grants() else sent
