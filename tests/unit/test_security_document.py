"""The threat model covers every function."""

import re

import pytest

from tests import sam_template
from tests.builders import ROOT

SECURITY = (ROOT / "SECURITY.md").read_text()
# Invoking them gives nothing: public files, and whether an access key that the invoker has is valid.
HARMLESS = {"authorizer", "console"}
# How the row of a function names what each statement of its role allows. The section names what all roles allow.
ALLOWED = {
    "AssumeIntegrationRoles": "roles",
    "CheckIntegrationsAndGuards": "integrations and guards",
    "CleanUpOrphanedSecrets": "labels and deletion of stored keys",
    "CleanUpSecrets": "labels and deletion of stored keys",
    "DecryptProviderKeys": r"\bkey",
    "DelayFailedMessages": "its queues",
    "DeleteAccessKeyHashes": "issues access keys",
    "DeleteConsumers": "grants any IAM principal access",
    "DescribeReferencedSecrets": "tags of referenced secrets",
    "DescribeSecrets": "labels and deletion of stored keys",
    "EncryptProviderKeys": "stores, restores and permanently deletes keys",
    "GenerateFingerprints": "fingerprints",
    "InvokeExchangeToken": "token",
    "InvokeVerifyKey": "invokes `verify_key`",
    "IssueCustomIdentityTokens": "identity tokens",
    "IssueIdentityTokens": "identity tokens",
    "ListAndWriteSenders": "registers senders",
    "ListAuditLog": "audit log",
    "ListIntegrations": "integrations",
    "ListSecrets": "names of all secrets",
    "ListUses": r"\buses\b",
    "PublishEvents": r"\bevents?\b",
    "ReadAccessKeyHashes": "hash",
    "ReadAccessKeyList": "reads the hashes",
    "ReadAndListConsumers": "grants any IAM principal access",
    "ReadAndListIntegrations": "integrations",
    "ReadAndListSpaces": "space directory",
    "ReadAndWriteIntegrations": "integrations.* read and write",
    "ReadAndWriteSpaces": "space directory",
    "ReadGrantedIntegrations": "integrations",
    "ReadGrants": "grants",
    "ReadGuards": "guards",
    "ReadIntegrations": "integrations|whole table",
    "ReadProviderKeys": r"\bkey",
    "ReadReferencedSecrets": "secrets",
    "ReadSenders": "registrations of senders",
    "ReadSpaces": "spaces",
    "ReadStream": "a day's table changes",
    "ReadUses": r"\buses\b|whole table",
    "ReceiveProvisioningRequests": "its queues",
    "RecordConnectionHealth": "writes test results",
    "RecordGuards": "guards, read and write",
    "RecordSpaceOrganizations": "organizations of spaces",
    "RecordUseExpiry": "uses and their expiry",
    "RecordUses": "forges uses and refusals",
    "ScanTable": "the whole table",
    "SendToDeadLetterQueue": "its queue",
    "StoreConsumers": "grants any IAM principal access",
    "StoreReminders": "its own items",
    "StoreSweepState": "its own items",
    "TagIdentityTokens": "identity tokens",
    "WriteAccessKeys": "issues access keys",
    "WriteAuditLog": "replaces audit log entries",
    "WriteProviderKeys": "stores, restores and permanently deletes keys",
}
ALLOWED_FOR_ALL = {"SendTraces", "WriteLogs"}


def rows(heading: str) -> list[list[str]]:
    """Split the rows of the table below a heading into cells."""
    section = SECURITY.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    return [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", section, re.MULTILINE)]


def first_cells(heading: str) -> str:
    """Return the first column of the table below a heading."""
    return "\n".join(cells[0] for cells in rows(heading))


def test_table_lists_what_an_attacker_gets_with_the_role_of_each_function() -> None:
    assert set(re.findall(r"`(\w+)`", first_cells("With the role of a function"))) == sam_template.functions().keys()


@pytest.mark.parametrize("function", sorted(sam_template.functions().keys() - HARMLESS))
def test_table_lists_what_an_attacker_gets_who_invokes_a_function(function: str) -> None:
    assert re.search(rf"\binvoke .*`{function}`", first_cells("With another permission"))


@pytest.mark.parametrize("function", sorted(sam_template.functions()))
def test_row_of_a_function_names_everything_that_its_role_allows(function: str) -> None:
    [gets] = [cells[1] for cells in rows("With the role of a function") if cells[0] == f"`{function}`"]
    allowed = {each["Sid"] for each in sam_template.role_statements(function) if each["Effect"] == "Allow"}
    missing = {sid for sid in allowed - ALLOWED_FOR_ALL if not re.search(ALLOWED[sid], gets)}
    assert missing == set()
