"""Principals: which role or user an ARN names, and which a signed request proves."""

import pytest

from ai_integrations.domain.principals import principal_of, principal_of_caller

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/billing"


@pytest.mark.parametrize(
    "arn",
    [
        ROLE,
        f"arn:aws:iam::{ACCOUNT}:role/service/billing",
        f"arn:aws:iam::{ACCOUNT}:role/a/b!/c/billing",
        f"arn:aws:iam::{ACCOUNT}:role/Billing",
    ],
)
def test_role_is_identified_without_its_path_and_case(arn: str) -> None:
    principal, plain = principal_of(arn), principal_of(ROLE)
    assert principal is not None
    assert plain is not None
    assert principal.identity == plain.identity


@pytest.mark.parametrize(
    "other",
    [
        "arn:aws:iam::111122223334:role/billing",
        "arn:aws-cn:iam::111122223333:role/billing",
        f"arn:aws:iam::{ACCOUNT}:user/billing",
        f"arn:aws:iam::{ACCOUNT}:role/billing2",
        f"arn:aws:iam::{ACCOUNT}:role/billing/x",
    ],
)
def test_other_account_partition_kind_or_name_is_another_principal(other: str) -> None:
    principal, plain = principal_of(other), principal_of(ROLE)
    assert principal is not None
    assert plain is not None
    assert principal.identity != plain.identity


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "*",
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:iam::{ACCOUNT}:role//",
        f"arn:aws:iam::{ACCOUNT}:role/*",
        f"arn:aws:iam::{ACCOUNT}:role/bil?ing",
        f"arn:aws:iam::{ACCOUNT}:role/b\u00edlling",
        f"arn:aws:iam::{ACCOUNT}:role/billing\n",
        f"arn:aws:iam::{ACCOUNT}:group/billing",
        f"arn:aws:iam::{ACCOUNT}:instance-profile/billing",
        f"arn:aws:iam::{ACCOUNT}:saml-provider/billing",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/session",
        f"arn:aws:sts::{ACCOUNT}:federated-user/billing",
        "arn:aws:iam::aws:role/billing",
        "arn:aws:iam::11112222333:role/billing",
        "arn:aws:iam::\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663:role/billing",
        "ec2.amazonaws.com",
        ACCOUNT,
    ],
)
def test_arn_of_anything_else_names_no_principal(arn: str) -> None:
    assert principal_of(arn) is None


SESSIONS = {
    "session": f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/session",
    "session of a role whose case differs": f"arn:aws:sts::{ACCOUNT}:assumed-role/BILLING/session",
    "session named like a path": f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/role",
    "session with every character": f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/a_Z0+=,.@-",
    "session named like an ARN's part": f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/assumed-role",
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session_of_a_role_is_the_role_with_or_without_a_path(name: str) -> None:
    caller = principal_of_caller(SESSIONS[name])
    assert caller is not None
    assert caller.kind == "role"
    for arn in (ROLE, f"arn:aws:iam::{ACCOUNT}:role/service/billing"):
        granted = principal_of(arn)
        assert granted is not None
        assert caller.identity == granted.identity


def test_user_is_the_user_with_or_without_a_path() -> None:
    caller = principal_of_caller(f"arn:aws:iam::{ACCOUNT}:user/team/alice")
    assert caller is not None
    assert caller.arn == f"arn:aws:iam::{ACCOUNT}:user/alice"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:sts::{ACCOUNT}:federated-user/billing",
        ROLE,  # a session signs, never the role itself
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/service/billing/session",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/session\n",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/b\u00edlling/session",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/\u212aey-reader/session",  # the Kelvin sign is a k in lower case
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/s\u00e9ssion",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/billing/{ROLE}",
        f"x:{SESSIONS['session']}",
        f"arn:aws:iam::{ACCOUNT}:assumed-role/billing/session",
        "anonymous",
    ],
)
def test_other_callers_are_no_principal(arn: str) -> None:
    assert principal_of_caller(arn) is None
