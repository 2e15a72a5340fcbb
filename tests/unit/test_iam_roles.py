"""`domain/iam_roles.py`: comparing roles as AWS does, and external IDs."""

import pytest

from ai_integrations.domain.iam_roles import IamRole
from tests.builders import the_settings

ROLE = "arn:aws:iam::123456789012:role/Bedrock"


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        (ROLE, "123456789012"),
        ("arn:aws-us-gov:iam::123456789012:role/a/b/Bedrock", "123456789012"),
        ("arn:aws:iam::12345678901:role/Bedrock", None),
        ("arn:aws:iam::123456789012:user/Bedrock", None),
        ("arn:aws:iam::123456789012:role/", None),
        ("arn:aws:sts::123456789012:assumed-role/Bedrock/session", None),
        ("r", None),
        ("", None),
    ],
)
def test_aws_account_is_read_from_the_arn(arn: str, account: str | None) -> None:
    assert IamRole(arn=arn).aws_account == account


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:role/BEDROCK",
        "arn:aws:iam::123456789012:role/team/bedrock",
        "arn:aws:iam::123456789012:role/a:b/c/bedrock",
        "arn:aws-cn:iam::123456789012:role/bedrock",
    ],
)
def test_arns_of_one_role_have_the_same_identity(arn: str) -> None:
    assert IamRole(arn=arn).identity == IamRole(arn=ROLE, external_id="x").identity


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::123456789012:role/Bedrock2", "arn:aws:iam::210987654321:role/Bedrock", "Bedrock", "r"]
)
def test_other_roles_have_another_identity(arn: str) -> None:
    assert IamRole(arn=arn).identity != IamRole(arn=ROLE).identity


def test_chosen_external_id_is_sent_instead_of_that_of_the_account() -> None:
    assert IamRole(arn=ROLE, external_id="tenant-42").external_id_for("acme", "stack") == "tenant-42"


def test_external_id_depends_on_stack_and_account_and_not_on_the_role() -> None:
    sent = IamRole(arn=ROLE).external_id_for("acme", "stack")
    assert sent == IamRole(arn="r").external_id_for("acme", "stack")
    assert sent != IamRole(arn=ROLE).external_id_for("acme", "stack-2")
    assert sent != IamRole(arn=ROLE).external_id_for("acm", "stack")


def test_settings_name_a_role_only_with_a_role_arn() -> None:
    assert the_settings().iam_role is None
    assert the_settings(provider_metadata={"project_id": "p"}).iam_role is None
    metadata = {"role_arn": ROLE, "external_id": "x", "kind": "AWS"}
    assert the_settings(provider_metadata=metadata).iam_role == IamRole(arn=ROLE, external_id="x")
