"""Bodies of consumers: what a grant must name."""

import json

import pytest

from ai_integrations.contracts.consumer_bodies import NewConsumer
from ai_integrations.contracts.parsing import parse_text
from ai_integrations.domain.errors import RuleViolationError
from ai_integrations.domain.model import Membership

ROLE = {"principal_arn": "arn:aws:iam::111122223333:role/billing"}


@pytest.mark.parametrize(
    "place", [{"organization_id": "o"}, {"space_id": "s"}, {"organization_id": "o", "space_id": "s"}]
)
def test_membership_names_an_organization_or_a_space(place: dict[str, str]) -> None:
    body = parse_text(json.dumps(ROLE | {"memberships": [place]}), NewConsumer)
    expected = Membership(organization_id=place.get("organization_id"), space_id=place.get("space_id"))
    assert body.grant().memberships == (expected,)


@pytest.mark.parametrize("grants", [{}, {"all_integrations": True, "memberships": []}])
def test_body_without_exactly_one_grant_names_the_three(grants: dict[str, object]) -> None:
    with pytest.raises(RuleViolationError) as rejected:
        parse_text(json.dumps(ROLE | grants), NewConsumer)
    assert [(each.pointer, each.detail) for each in rejected.value.errors] == [
        ("", "Send one of integration_ids, memberships and all_integrations.")
    ]
