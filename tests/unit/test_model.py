"""What the domain's values know about themselves."""

from datetime import timedelta

from ai_integrations.domain.model import PreviousKey, SecretVersion
from tests.builders import an_integration

CURRENT, PREVIOUS, OTHER = (SecretVersion(arn="arn:secret", version=version) for version in ("v2", "v1", "v3"))


def test_integration_references_its_current_and_its_previous_key() -> None:
    integration = an_integration(secret=CURRENT)
    previous = PreviousKey(secret=PREVIOUS, usable_until=integration.created_at + timedelta(hours=1))
    rotated = an_integration(secret=CURRENT, previous_key=previous)
    assert [rotated.references(each) for each in (CURRENT, PREVIOUS, OTHER)] == [True, True, False]
    assert [integration.references(each) for each in (CURRENT, PREVIOUS, OTHER)] == [True, False, False]
