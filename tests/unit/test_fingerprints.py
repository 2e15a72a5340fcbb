"""Fingerprints of keys: what KMS signs, and what is kept of its answer."""

import json
from hashlib import sha256
from io import StringIO
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import SecretStr

from ai_integrations.key_access.fingerprints import KmsFingerprints
from tests.builders import API_KEY

MAC = bytes(range(32))


class FakeKms:
    """Answers with one code for every message or raises `failure`, and records the requests."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.requests: list[dict[str, Any]] = []

    def generate_mac(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.failure:
            raise self.failure
        return {"Mac": MAC}


def test_fingerprint_is_the_first_half_of_an_authentication_code_by_the_key_in_kms() -> None:
    client = FakeKms()
    assert KmsFingerprints(cast("Any", client), "key-1").compute("acme", SecretStr(API_KEY)) == MAC[:16].hex()
    [request] = client.requests
    assert (request["KeyId"], request["MacAlgorithm"]) == ("key-1", "HMAC_SHA_256")


def test_fingerprint_covers_the_account_and_the_key_without_sending_the_key() -> None:
    client = FakeKms()
    fingerprints = KmsFingerprints(cast("Any", client), "key-1")
    for account, key in (("acme", API_KEY), ("umbrella", API_KEY), ("acme", "sk-fake-other")):
        fingerprints.compute(account, SecretStr(key))
    messages = [request["Message"] for request in client.requests]
    assert len(set(messages)) == 3
    assert not [message for message in messages if API_KEY.encode() in message]
    assert sha256(API_KEY.encode()).hexdigest().encode() in messages[0]


@pytest.mark.parametrize(
    ("failure", "name"),
    [
        (ReadTimeoutError(endpoint_url="https://kms.test"), "botocore.exceptions.ReadTimeoutError"),
        (ClientError({"Error": {"Code": "ThrottlingException"}}, "GenerateMac"), "botocore.exceptions.ClientError"),
    ],
)
def test_fingerprint_is_left_out_with_a_warning_if_kms_fails(failure: Exception, name: str, log: StringIO) -> None:
    fingerprints = KmsFingerprints(cast("Any", FakeKms(failure)), "key-1")
    assert fingerprints.try_compute("acme", SecretStr(API_KEY)) is None
    line = json.loads(log.getvalue())
    assert (line["level"], line["message"], line["error"]) == ("WARNING", "fingerprint not computed", name)
    assert API_KEY not in log.getvalue()
    assert sha256(API_KEY.encode()).hexdigest() not in log.getvalue()  # candidates could be tested against it
