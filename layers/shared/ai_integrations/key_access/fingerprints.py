"""Fingerprints of keys: which integrations hold the same one, without a character of it being shown.

Decided: a fingerprint is an HMAC that KMS makes with a key which never leaves it, so that nobody who sees fingerprints
can try out keys against them. Only the functions that read provider keys make them, because only they have one in hand
without an extra trip: whoever writes a key (`functions/api` and the like) would need a fourth call to AWS for each
create, and is not to hold a grant that tells two keys apart. So a fingerprint is

- recorded with an integration's health when its connection is tested, and shown from there;
- made on demand by `functions/credentials`, for one integration or, page by page, for those of an account.
"""

from hashlib import sha256
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from ai_integrations.observability import describe, logger

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_SHOWN_BYTES = 16


class KmsFingerprints:
    """Makes fingerprints with the stack's HMAC key."""

    def __init__(self, client: "KMSClient", key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def of(self, account: str, key: SecretStr) -> str:
        """Return the fingerprint of a key: the same for the same key within an account, and for no other account.

        KMS takes 4,096 bytes and a key may be longer: what it gets is a digest, which goes nowhere else.
        """
        digest = sha256(key.get_secret_value().encode()).hexdigest()
        message = f"ai-integrations key fingerprint\n{account}\n{digest}".encode()
        answer = self._client.generate_mac(KeyId=self._key_id, MacAlgorithm="HMAC_SHA_256", Message=message)
        return answer["Mac"][:_SHOWN_BYTES].hex()

    def of_tested(self, account: str, key: SecretStr) -> str | None:
        """Return the fingerprint, or None where KMS does not make one: a connection can be tested without."""
        try:
            return self.of(account, key)
        except (BotoCoreError, ClientError) as error:
            logger.warning("fingerprint not made", **describe(error))
            return None
