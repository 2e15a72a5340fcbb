"""The key store of dry runs calls no operation of Secrets Manager that stores or removes a key."""

from typing import Any

from pydantic import SecretStr

from ai_integrations.adapters.secrets_manager.dry_run_keys import DryRunKeyStore
from ai_integrations.domain.model import SecretVersion
from tests.builders import API_KEY, an_integration

NO_CLIENT: Any = object()


def test_dry_run_names_a_new_version_for_each_key_and_stores_none() -> None:
    store, key = DryRunKeyStore(NO_CLIENT, prefix="stack", kms_key_id="key"), SecretStr(API_KEY)
    stored = an_integration(secret=SecretVersion(arn="arn:secret", version="1"))
    versions = [store.create_key(an_integration(), key), *(store.add_key_version(stored, key) for _ in range(2))]
    assert len({each.version for each in versions}) == 3
    for each in versions:
        store.discard(each, kept=None)
