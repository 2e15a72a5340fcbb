"""`ReminderStore`."""

from datetime import timedelta

from ai_integrations.adapters.dynamodb.items import epoch_seconds
from ai_integrations.domain.model import SecretVersion
from ai_integrations.domain.reminders import LastReminder, Reason, SentReminders
from tests.builders import NOON, an_integration
from tests.contract.stores import AwsStores, Stores

KEY = SecretVersion(arn="arn:secret-1", version="version-1")
LAST = {Reason.DUE: LastReminder(number=2, week=NOON), Reason.UNUSED: LastReminder(number=1, week=NOON)}
LATER = NOON + timedelta(days=35)


def sent(ulid: str, account: str = "acme") -> SentReminders:
    return SentReminders.of_key(an_integration(id=ulid, account=account, secret=KEY), None)._replace(last=LAST)


def test_load_finds_the_reminders_of_the_integrations_that_had_any(stores: Stores) -> None:
    assert stores.reminders.load([]) == {}
    integrations = [an_integration(id=f"ULID-{number:03}") for number in range(100)]
    assert stores.reminders.load(integrations) == {}
    for each in integrations[::3]:
        stores.reminders.save(sent(each.id), LATER)
    assert stores.reminders.load(integrations) == {each.id: sent(each.id) for each in integrations[::3]}


def test_load_finds_the_reminders_of_several_accounts(stores: Stores) -> None:
    stores.reminders.save(sent("ONE"), LATER)
    stores.reminders.save(sent("OTHER", "umbrella"), LATER)
    integrations = [an_integration(id="ONE"), an_integration(id="OTHER", account="umbrella")]
    assert stores.reminders.load(integrations) == {"ONE": sent("ONE"), "OTHER": sent("OTHER", "umbrella")}


def test_save_replaces_the_reminders_of_the_integration(stores: Stores) -> None:
    stores.reminders.save(sent("ONE"), LATER)
    changed = sent("ONE")._replace(key_version="version-2", last={Reason.DUE: LastReminder(number=1, week=LATER)})
    stores.reminders.save(changed, LATER)
    assert stores.reminders.load([an_integration(id="ONE")]) == {"ONE": changed}


def test_saved_reminders_expire_and_are_never_read_as_an_integration(aws: AwsStores) -> None:
    aws.reminders.save(sent("ONE"), LATER)
    [item] = aws.dynamodb.scan(TableName=aws.table)["Items"]
    assert item["expires_at"] == {"N": str(epoch_seconds(LATER))}
    assert aws.repository.get("acme", "ONE") is None
