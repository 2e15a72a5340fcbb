"""Test the connections of stored integrations, and of settings before they are saved."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import SecretStr

from ai_integrations.domain import rules
from ai_integrations.domain.connection_health import Health
from ai_integrations.domain.credentials import ReadKey
from ai_integrations.domain.errors import (
    AccessForbiddenError,
    FieldError,
    KeyUnavailableError,
    NotFoundError,
    RuleViolationError,
)
from ai_integrations.domain.model import (
    Caller,
    CredentialChange,
    ExternalSecretArn,
    Federation,
    Integration,
    Policy,
    Role,
    SecretVersion,
    Settings,
)
from ai_integrations.key_access.connection_test.tester import ConnectionTester
from ai_integrations.use_cases.visibility import Visibility

if TYPE_CHECKING:
    from ai_integrations.use_cases.ports import HealthRecorder, IntegrationIdentityReader, KeyReader


class ConnectionTests:
    """Runs connection tests for admins."""

    def __init__(  # noqa: PLR0913 - each is an independent collaborator
        self,
        *,
        integrations: "IntegrationIdentityReader",
        visibility: Visibility,
        reader: "KeyReader",
        tester: ConnectionTester,
        healths: "HealthRecorder",
        policy: Policy,
    ) -> None:
        self._integrations = integrations
        self._visibility = visibility
        self._reader = reader
        self._tester = tester
        self._healths = healths
        self._policy = policy

    def test_saved(self, caller: Caller, ulid: str, model: str | None) -> Health:
        """Test an integration with its stored key, and record the result."""
        integration = self._integrations.get(caller.account, ulid)
        if integration is None or not self._visibility.can_see(caller, integration.scopings):
            raise NotFoundError
        _require_admin(caller)
        key = self._reader.read(integration, integration.secret) if integration.secret else None
        health = self._tester.test(integration, key, model)
        self._healths.record(health)
        return health

    def test_settings(self, caller: Caller, settings: Settings, credentials: CredentialChange) -> Health:
        """Test settings that are not saved. The rules of a create apply, and nothing is stored."""
        _require_admin(caller)
        rules.check_settings(settings, previous=None, policy=self._policy)
        rules.check_credentials(settings.provider, credentials, previous=None, policy=self._policy)
        draft = self._tester.draft(caller, settings)
        if isinstance(credentials, Federation):
            draft = replace(draft, federation=credentials)
        self._integrations.check_identity(draft)
        return self._tester.test(draft, self._read_submitted_key(draft, credentials), None)

    def _read_submitted_key(self, integration: Integration, key: CredentialChange) -> ReadKey | None:
        """Read the key from the request, or from the external secret that the request names."""
        if isinstance(key, SecretStr):
            return ReadKey(value=key, version="")
        if not isinstance(key, ExternalSecretArn):
            return None
        try:
            return self._reader.read(integration, SecretVersion(arn=key.arn, version=None))
        except KeyUnavailableError as error:
            # The same error as for a create, so that callers cannot find out which secrets exist.
            raise RuleViolationError(FieldError("/api_key_secret_arn", error.reason)) from None


def _require_admin(caller: Caller) -> None:
    if caller.role is not Role.ADMIN:
        raise AccessForbiddenError
