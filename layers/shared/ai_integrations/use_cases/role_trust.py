"""Show admins which principals the IAM role of an integration must trust."""

from typing import NamedTuple

from ai_integrations.domain.errors import AccessForbiddenError, NotFoundError
from ai_integrations.domain.model import Caller, Role
from ai_integrations.use_cases.integrations import Integrations


class RoleTrust(NamedTuple):
    """The role of an integration, the roles of this service that assume it, and the external ID that they send."""

    role_arn: str
    principals: tuple[str, ...]
    external_id: str


class RoleTrusts:
    """Determines which principals roles must trust."""

    def __init__(self, integrations: Integrations, *, principals: tuple[str, ...], external_id_namespace: str) -> None:
        self._integrations = integrations
        self._principals = principals
        self._external_id_namespace = external_id_namespace

    def get(self, caller: Caller, ulid: str) -> RoleTrust:
        """Determine what the role of an integration must trust; NotFoundError if the integration names no role."""
        integration = self._integrations.get(caller, ulid)
        if caller.role is not Role.ADMIN:
            raise AccessForbiddenError
        role = integration.iam_role
        if role is None:
            raise NotFoundError
        return RoleTrust(
            role_arn=role.arn,
            principals=self._principals,
            external_id=role.external_id_for(integration.account, self._external_id_namespace),
        )
