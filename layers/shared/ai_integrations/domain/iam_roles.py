"""IAM roles that integrations name: which AWS account a role belongs to, and the external ID that is sent for it."""

import re
from hashlib import sha256
from typing import NamedTuple

RESERVED_EXTERNAL_IDS = "ai-integrations:"
"""The prefix of the external IDs that the service sends by itself. Callers must not choose one of them."""

_ROLE_ARN = r"arn:[^:]*:iam::([0-9]{12}):role/(?:.*/)?([^/]+)"
_DIGEST_LENGTH = 40  # hexadecimal digits, 160 bits


class IamRole(NamedTuple):
    """The role that an integration names, and the external ID that its caller chose, if any."""

    arn: str
    external_id: str | None = None

    @property
    def aws_account(self) -> str | None:
        """The AWS account that the role belongs to, or None if the ARN is malformed."""
        found = re.fullmatch(_ROLE_ARN, self.arn)
        return found[1] if found else None

    @property
    def identity(self) -> str:
        """A text that is equal for all ARNs of one role: they may differ in path, case and partition.

        Role names are unique in an AWS account, and IAM ignores their case
        (https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, RoleName).
        """
        found = re.fullmatch(_ROLE_ARN, self.arn)
        return "/".join(found.groups() if found else [self.arn]).lower()

    @property
    def has_reserved_external_id(self) -> bool:
        """Check whether the caller chose an external ID that only the service may send."""
        return (self.external_id or "").lower().startswith(RESERVED_EXTERNAL_IDS)

    def external_id_for(self, account: str, namespace: str) -> str:
        """Determine the external ID to send: the chosen one, otherwise the service's own for the registry account.

        `namespace` identifies the stack. The service's own external ID is not secret
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html). It protects an
        account because no other account can make the service send it.
        """
        if self.external_id is not None:
            return self.external_id
        digest = sha256(f"{namespace}\n{account}".encode()).hexdigest()
        return f"{RESERVED_EXTERNAL_IDS}{digest[:_DIGEST_LENGTH]}"
