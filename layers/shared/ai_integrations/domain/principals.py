"""IAM principals: which role or user an ARN names, whether an administrator wrote it or AWS attests it."""

import re
from typing import NamedTuple

_NAME = r"(?P<name>[\w+=,.@-]+)"
_IAM_ARN = r"arn:(?P<partition>[a-z-]+):iam::(?P<aws_account>[0-9]{12}):(?P<kind>role|user)/(?:[\x21-\x7e]+/)?" + _NAME
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: the path of the role is missing.
_SESSION_ARN = r"arn:(?P<partition>[a-z-]+):sts::(?P<aws_account>[0-9]{12}):assumed-role/" + _NAME + r"/[\w+=,.@-]+"


class Principal(NamedTuple):
    """An IAM role or user. A session of a role is the role.

    `kind` is `role` or `user`. The path is left out, because names are unique in an AWS account, ignoring case
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html), and ARNs of sessions have no path.
    """

    partition: str
    aws_account: str
    kind: str
    name: str

    @property
    def identity(self) -> str:
        """A text that is equal for all ARNs of one principal."""
        return ":".join(self).lower()

    @property
    def arn(self) -> str:
        """Its ARN, without a path."""
        return f"arn:{self.partition}:iam::{self.aws_account}:{self.kind}/{self.name}"


def principal_of(arn: str) -> Principal | None:
    """Determine the role or user that the ARN of a role or user names, or None if it names anything else."""
    found = re.fullmatch(_IAM_ARN, arn, re.ASCII)
    return Principal(**found.groupdict()) if found else None


def principal_of_caller(arn: str) -> Principal | None:
    """Determine the role or user behind a signed request, from `requestContext.identity.userArn` of API Gateway.

    Roots and federated users have no grants: None.
    """
    session = re.fullmatch(_SESSION_ARN, arn, re.ASCII)
    if session is not None:
        return Principal(kind="role", **session.groupdict())
    principal = principal_of(arn)
    return principal if principal is not None and principal.kind == "user" else None
