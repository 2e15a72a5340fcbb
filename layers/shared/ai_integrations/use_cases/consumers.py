"""The use cases for consumers: grant an IAM principal access to integrations, change and revoke the grant."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ai_integrations.domain.consumers import Consumer, Grant, Revocation
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    ConsumerChangedError,
    FieldError,
    NotFoundError,
    RuleViolationError,
)
from ai_integrations.domain.model import Caller, Integration, Role
from ai_integrations.domain.principals import principal_of
from ai_integrations.domain.uses import UsedBy
from ai_integrations.use_cases.optimistic_locking import retry_on_conflict
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import ConsumerRepository, IntegrationIndex, UseReader

# Each may need a read for each of its 50 spaces. Without this limit, a few requests could keep every instance busy.
MAX_EXAMINED = 20

Condition = Callable[[Consumer], bool]


class NewGrant(NamedTuple):
    """What a request grants, and to which principal."""

    principal_arn: str
    grant: Grant
    name: str | None
    expires_at: datetime | None


class ConsumerPage(NamedTuple):
    """Consumers, newest first. The next page starts after the id `last_read`, which is None on the last page."""

    consumers: tuple[Consumer, ...]
    last_read: str | None


class AllowedConsumer(NamedTuple):
    """A consumer that may resolve an integration, and when it did so last: None if it is not in the use ledger."""

    consumer: Consumer
    last_used_at: datetime | None


class AccessPage(NamedTuple):
    """Consumers that may resolve an integration. Pages follow each other as those of all consumers."""

    consumers: tuple[AllowedConsumer, ...]
    last_read: str | None


class Consumers:
    """The use cases. Each acts on the caller's account and is for its admins."""

    def __init__(  # noqa: PLR0913 - each is an independent collaborator
        self,
        *,
        repository: "ConsumerRepository",
        integrations: "IntegrationIndex",
        visibility: Visibility,
        uses: "UseReader",
        clock: Callable[[], datetime],
        new_id: Callable[[datetime], str],
        partition: str,
    ) -> None:
        """`clock` returns an aware UTC time. `partition` is that of the stack in AWS, such as `aws`."""
        self._repository = repository
        self._integrations = integrations
        self._visibility = visibility
        self._uses = uses
        self._clock = clock
        self._new_id = new_id
        self._partition = partition

    def create(self, caller: Caller, new: NewGrant) -> Consumer:
        """Grant a principal access. ConsumerExistsError if the account has already granted it something."""
        _require_admin(caller)
        now = self._clock()
        principal = principal_of(new.principal_arn)
        if principal is None or principal.partition != self._partition:
            raise RuleViolationError(
                FieldError("/principal_arn", f"The principal must be in this partition of AWS: {self._partition}.")
            )
        consumer = Consumer(
            id=self._new_id(now),
            account=caller.account,
            principal=principal,
            principal_arn=new.principal_arn,
            grant=new.grant,
            version=1,
            created_at=now,
            updated_at=now,
            created_by=caller.user,
            updated_by=caller.user,
            name=new.name,
            expires_at=new.expires_at,
        )
        self._check(consumer, None, now)
        self._repository.insert(consumer)
        return consumer

    def get(self, caller: Caller, ulid: str) -> Consumer:
        """Read a consumer."""
        _require_admin(caller)
        consumer = self._repository.get(caller.account, ulid)
        if consumer is None:
            raise NotFoundError
        return consumer

    def page(self, caller: Caller, *, after: str | None, limit: int) -> ConsumerPage:
        """List at most `limit` consumers after the id `after`, newest first."""
        _require_admin(caller)
        return self._read_page(caller.account, after, limit)

    def with_access(self, caller: Caller, integration_id: str, *, after: str | None, limit: int) -> AccessPage:
        """List the consumers that may resolve an integration. A page may be short or even empty."""
        _require_admin(caller)
        integration = self._integrations.get(caller.account, integration_id)
        if integration is None:
            raise NotFoundError
        page = self._read_page(caller.account, after, min(limit, MAX_EXAMINED))
        now = self._clock()
        allowed = [each for each in page.consumers if each.is_valid(now) and self._may_resolve(each, integration)]
        return AccessPage(self._with_last_use(integration, allowed), page.last_read)

    def update(self, caller: Caller, ulid: str, changes: Mapping[str, Any], condition: Condition) -> Consumer:
        """Change a consumer that meets the condition."""

        def read() -> tuple[Consumer, Consumer]:
            current = self._get_matching(caller, ulid, condition)
            changed = current._replace(**changes)
            self._check(changed, current, self._clock())
            return current, changed

        def commit(versions: tuple[Consumer, Consumer]) -> Consumer:
            current, changed = versions
            if changed == current:
                return current
            now = max(self._clock(), current.updated_at)  # changes stay in order
            changed = changed._replace(version=current.version + 1, updated_at=now, updated_by=caller.user)
            self._repository.update(current, changed)
            return changed

        return retry_on_conflict(read, commit)

    def revoke(self, caller: Caller, ulid: str, condition: Condition) -> None:
        """Revoke the grant of a consumer that meets the condition. It is denied from its next request on."""

        def commit(current: Consumer) -> None:
            now = max(self._clock(), current.updated_at)  # changes stay in order
            self._repository.revoke(Revocation(consumer=current, revoked_at=now, revoked_by=caller.user))

        retry_on_conflict(lambda: self._get_matching(caller, ulid, condition), commit)

    def _read_page(self, account: str, after: str | None, limit: int) -> ConsumerPage:
        found = self._repository.newest(account, after, limit + 1)
        page = found.consumers[:limit]
        has_more = found.more or len(found.consumers) > limit
        return ConsumerPage(consumers=page, last_read=page[-1].id if has_more else None)

    def _with_last_use(self, integration: Integration, consumers: Sequence[Consumer]) -> tuple[AllowedConsumer, ...]:
        used_by = [UsedBy.principal(each.principal) for each in consumers]
        uses = self._uses.of_consumers(integration.account, integration.id, used_by)
        last = {each.consumer.identity: each.last_used_at for each in uses}
        return tuple(AllowedConsumer(each, last.get(by.identity)) for each, by in zip(consumers, used_by, strict=True))

    def _get_matching(self, caller: Caller, ulid: str, condition: Condition) -> Consumer:
        consumer = self.get(caller, ulid)
        if not condition(consumer):
            raise ConsumerChangedError
        return consumer

    def _may_resolve(self, consumer: Consumer, integration: Integration) -> bool:
        viewer = consumer.viewer(consumer.principal.name)
        return consumer.grant.includes(integration.id) and self._visibility.can_see(viewer, integration.scopings)

    def _check(self, consumer: Consumer, previous: Consumer | None, now: datetime) -> None:
        """Check what the request changes: the expiry and the integrations."""
        if consumer.expires_at != (previous and previous.expires_at) and not consumer.is_valid(now):
            raise RuleViolationError(FieldError("/expires_at", "The time must be in the future."))
        known = (previous and previous.grant.integrations) or frozenset()
        added = (consumer.grant.integrations or frozenset()) - known
        if added and added - self._integrations.existing(consumer.account, added):
            raise RuleViolationError(
                FieldError("/integration_ids", "The account has no integration with one of these ids.")
            )


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise AccessForbiddenError
