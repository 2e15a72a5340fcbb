"""Fingerprints of keys: they show which integrations hold the same key, without revealing any of it.

A fingerprint is an HMAC that KMS computes with a key that never leaves KMS. Knowing a fingerprint therefore does not
help to guess the provider key. Only functions that already read provider keys compute fingerprints. Functions that
write keys, such as `functions/api`, do not: each create would need a fourth AWS call, and they would need permission to
compare keys. A fingerprint is

- stored with an integration's health when its connection is tested, and shown with it;
- computed on demand by `functions/credentials`, for one integration or page by page for those of an account.
"""

from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_FINGERPRINT_BYTES = 16


class KmsFingerprints:
    """Computes fingerprints with the stack's HMAC key."""

    def __init__(self, client: "KMSClient", key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def compute(self, account: str, key: SecretStr) -> str:
        """Compute the fingerprint of a key. The same key has different fingerprints in different accounts.

        KMS accepts at most 4,096 bytes and a key may be longer, so KMS gets a digest of the key.
        """
        digest = sha256(key.get_secret_value().encode()).hexdigest()
        message = f"ai-integrations key fingerprint\n{account}\n{digest}".encode()
        response = self._client.generate_mac(KeyId=self._key_id, MacAlgorithm="HMAC_SHA_256", Message=message)
        return response["Mac"][:_FINGERPRINT_BYTES].hex()

    def try_compute(self, account: str, key: SecretStr) -> str | None:
        """Compute the fingerprint of a key, or log a warning and return None if KMS fails."""
        try:
            return self.compute(account, key)
        except (BotoCoreError, ClientError) as error:
            logger.warning("fingerprint not computed", **describe(error))
            return None
