"""`Senders`, and the operations for operators."""

import pytest

from ai_integrations.domain.model import Membership, Role
from ai_integrations.domain.senders import Sender, SenderKind
from tests.builders import SENDER_AWS_ACCOUNT, a_source, the_stacks
from tests.contract.stores import Stores

OTHER_AWS_ACCOUNT = "210987654321"
MEMBERSHIPS = (Membership(organization_id="o", space_id="s", admin=True), Membership(space_id="t"))


def register(stores: Stores, *senders: Sender) -> None:
    for sender in senders:
        stores.senders.register(sender)


def test_source_returns_the_registered_sender(stores: Stores) -> None:
    sender = a_source(role=Role.MEMBER, memberships=MEMBERSHIPS)
    register(stores, sender)
    assert stores.senders.source("acme", SENDER_AWS_ACCOUNT, "platform") == sender


@pytest.mark.parametrize(
    ("account", "aws_account", "source"),
    [
        pytest.param("other", SENDER_AWS_ACCOUNT, "platform", id="another account"),
        pytest.param("acme", OTHER_AWS_ACCOUNT, "platform", id="another AWS account"),
        pytest.param("acme", SENDER_AWS_ACCOUNT, "billing", id="another source"),
        pytest.param("acme", SENDER_AWS_ACCOUNT, "Platform", id="another case"),
        pytest.param("acme", SENDER_AWS_ACCOUNT, "platform#2", id="a longer source"),
        pytest.param("acme", SENDER_AWS_ACCOUNT, "plat*", id="a pattern"),
        pytest.param("acme", SENDER_AWS_ACCOUNT, "app", id="the name of stacks"),
    ],
)
def test_source_returns_none_for_any_other_sender(stores: Stores, account: str, aws_account: str, source: str) -> None:
    register(stores, a_source(), the_stacks())
    assert stores.senders.source(account, aws_account, source) is None


def test_source_whose_name_contains_the_separator_is_not_that_of_another_aws_account(stores: Stores) -> None:
    register(stores, a_source(name=f"{OTHER_AWS_ACCOUNT}#platform"))
    assert stores.senders.source("acme", OTHER_AWS_ACCOUNT, "platform") is None


def test_stacks_returns_the_patterns_of_one_account_and_aws_account(stores: Stores) -> None:
    patterns = [the_stacks(name=name) for name in ("app", "app-*", "team")]
    register(stores, *patterns, a_source(), the_stacks(account="other"), the_stacks(aws_account=OTHER_AWS_ACCOUNT))
    assert list(stores.senders.stacks("acme", SENDER_AWS_ACCOUNT)) == patterns


def test_list_returns_all_senders_of_one_account(stores: Stores) -> None:
    senders = [a_source(), a_source(aws_account=OTHER_AWS_ACCOUNT), the_stacks()]
    register(stores, *senders, a_source(account="other"))
    assert list(stores.senders.list("acme")) == senders


def test_register_replaces_the_rights_of_a_sender(stores: Stores) -> None:
    changed = a_source(role=Role.READER, memberships=MEMBERSHIPS)
    register(stores, a_source(), changed)
    assert list(stores.senders.list("acme")) == [changed]


def test_remove_returns_the_sender_and_keeps_all_others(stores: Stores) -> None:
    kept = [a_source(name="platform2"), a_source(aws_account=OTHER_AWS_ACCOUNT), the_stacks(name="platform")]
    register(stores, a_source(), *kept)
    removed = stores.senders.remove("acme", SenderKind.SOURCE, SENDER_AWS_ACCOUNT, "platform")
    assert removed == a_source()
    assert stores.senders.source("acme", SENDER_AWS_ACCOUNT, "platform") is None
    assert {(each.aws_account, each.name) for each in stores.senders.list("acme")} == {
        (each.aws_account, each.name) for each in kept
    }


def test_remove_of_an_unregistered_sender_returns_none(stores: Stores) -> None:
    register(stores, a_source())
    assert stores.senders.remove("acme", SenderKind.STACKS, SENDER_AWS_ACCOUNT, "platform") is None
    assert list(stores.senders.list("acme")) == [a_source()]
