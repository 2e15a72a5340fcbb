"""Organizations as operators register them and the API reads them."""

from ai_integrations.domain.model import Organization, Space
from tests.builders import NOON
from tests.contract.stores import Stores


def an_organization(organization_id: str, *, account: str = "acme", name: str = "Research") -> Organization:
    return Organization(account=account, id=organization_id, name=name, created_at=NOON)


def test_registered_organizations_are_listed_by_id_and_readable(stores: Stores) -> None:
    first, second = an_organization("a"), an_organization("b")
    for place in (second, first, an_organization("c", account="other"), Space(account="acme", id="s", name="Search")):
        stores.spaces.register(place)
    assert stores.spaces.organizations("acme") == [first, second]
    assert stores.spaces.organization("acme", "a") == first
    assert stores.spaces.organization("acme", "c") is None
    assert stores.spaces.organization("acme", "s") is None
    assert stores.spaces.organizations("empty") == []


def test_registering_an_organization_again_replaces_its_name(stores: Stores) -> None:
    stores.spaces.register(an_organization("a"))
    renamed = an_organization("a", name="Development")
    stores.spaces.register(renamed)
    assert stores.spaces.organizations("acme") == [renamed]
