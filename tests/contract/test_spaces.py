"""Organizations and spaces: what operators write, and what is returned of one account."""

from ai_integrations.domain.model import Organization, Space
from tests.builders import NOON
from tests.contract.stores import AwsStores, Stores

ORGANIZATION = Organization(account="acme", id="o", name="Research", created_at=NOON)
SPACES = [
    Space(account="acme", id="a", name="Evaluation", organization_id="o", description="Models", created_at=NOON),
    Space(account="acme", id="b", organization_id=None, name="Support", created_at=NOON),
]


def test_registered_places_are_returned_for_their_account_only(aws: AwsStores) -> None:
    for place in reversed(SPACES):
        aws.spaces.register(place)
    aws.spaces.register(ORGANIZATION)
    assert aws.spaces.spaces("acme") == SPACES
    assert aws.spaces.organizations("acme") == [ORGANIZATION]
    assert [aws.spaces.space("acme", each) for each in ("a", "b", "o")] == [*SPACES, None]
    assert aws.spaces.spaces("other") == []
    assert aws.spaces.organizations("other") == []


def test_registration_replaces_a_place(aws: AwsStores) -> None:
    renamed = Space(account="acme", id="a", organization_id=None, name="Renamed", created_at=NOON)
    aws.spaces.register(SPACES[0])
    aws.spaces.register(renamed)
    assert aws.spaces.spaces("acme") == [renamed]


def test_removal_deletes_one_space(aws: AwsStores) -> None:
    for space in SPACES:
        aws.spaces.register(space)
    aws.spaces.remove_space("acme", "a")
    assert aws.spaces.spaces("acme") == SPACES[1:]


def test_registered_organizations_are_listed_by_id_and_readable(stores: Stores) -> None:
    second = Organization(account="acme", id="p", name="Sales", created_at=NOON)
    for place in (second, ORGANIZATION, ORGANIZATION._replace(account="other", id="q"), SPACES[0]):
        stores.spaces.register(place)
    assert stores.spaces.organizations("acme") == [ORGANIZATION, second]
    assert stores.spaces.organization("acme", "o") == ORGANIZATION
    assert [stores.spaces.organization("acme", each) for each in ("q", "a", "unknown")] == [None, None, None]
    renamed = ORGANIZATION._replace(name="Development")
    stores.spaces.register(renamed)
    assert stores.spaces.organizations("acme") == [renamed, second]
