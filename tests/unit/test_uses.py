"""Consumers in the use ledger."""

import pytest

from ai_integrations.domain.principals import principal_of
from ai_integrations.domain.uses import UsedBy

ARN = "arn:aws:iam::111122223333:role/Billing"
PRINCIPAL = principal_of(ARN)
assert PRINCIPAL is not None
ATTESTED = UsedBy.principal(PRINCIPAL)


def test_principal_is_one_consumer_whatever_the_case_of_its_name() -> None:
    lower = principal_of(ARN.lower())
    assert lower is not None
    assert UsedBy.principal(lower) == UsedBy(identity=ATTESTED.identity, name=lower.arn)


@pytest.mark.parametrize("stated", [ARN, ATTESTED.identity, ATTESTED.name])
def test_consumer_that_a_broker_states_is_never_an_iam_principal(stated: str) -> None:
    """Neither for the table, nor for a person who reads the name."""
    consumer = UsedBy.broker_states(stated)
    assert consumer.identity != ATTESTED.identity
    assert principal_of(consumer.name) is None


def test_brokers_that_state_the_same_name_mean_the_same_consumer() -> None:
    assert UsedBy.broker_states("nightly-job") == UsedBy.broker_states("nightly-job")
    assert UsedBy.broker_states("nightly-job").identity != UsedBy.broker_states("Nightly-job").identity
