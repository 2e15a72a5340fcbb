"""Resolution through the gateway of the local stack, with requests that botocore signs.

The emulator verifies no signature. It passes on the principal to whom the access key id belongs.
"""

import json

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tools.local.connection import read

from tests.builders import API_KEY
from tests.stack.conftest import Stack
from tests.stack.signed_program import Program, send, session_of


def user_of(stack: Stack) -> Program:
    """Return the program with the credentials that `make local` has published."""
    variables = read(stack.folder / "connection.env")
    credentials = Credentials(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
    return Program(url=stack.url, credentials=credentials)


def grant(stack: Stack, access_key: str, role: str) -> None:
    body = {"principal_arn": f"arn:aws:iam::000000000000:role/{role}", "all_integrations": True}
    request = AWSRequest(
        "POST",
        f"{stack.url}/v2/consumers",
        {"Authorization": f"Bearer {access_key}", "Content-Type": "application/json"},
        json.dumps(body).encode(),
    )
    assert send(request).status == 201


def test_resolve_with_the_published_credentials_by_id_and_name(stack: Stack) -> None:
    name = "signed by the local user"
    created = stack.create(
        read(stack.folder / "connection.env")["AI_INTEGRATIONS_API_KEY"], name=name, provider="openAI", api_key=API_KEY
    )
    stack.known_secrets.keys.add(API_KEY)
    program = user_of(stack)
    by_name = program.resolve("/v2/credentials", integration=name)
    by_id = program.resolve(f"/v2/ai-integrations/{created['id']}/credentials", account="local")
    assert by_name.status == by_id.status == 200
    assert by_name.body == by_id.body
    assert by_name.body["api_key"] == API_KEY
    assert by_name.headers["cache-control"] == "no-store"


def test_resolve_with_a_session_of_a_role_needs_a_grant_to_the_role(stack: Stack) -> None:
    key = stack.issue_key(account="signed")
    stack.create(key, name="x", provider="openAI")
    grant(stack, key, "service/signed-billing")
    assert (
        session_of(stack, "service/signed-billing", "job-1").resolve("/v2/credentials", integration="x").status == 200
    )
    refused = session_of(stack, "signed-other", "signed-billing").resolve("/v2/credentials", integration="x")
    assert refused.status == 403
    assert "arn:aws:iam::000000000000:role/signed-other" in refused.body["detail"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer aik_x"}])
def test_resolve_without_a_signature_is_rejected(stack: Stack, headers: dict[str, str]) -> None:
    request = AWSRequest(
        "POST", f"{stack.url}/v2/credentials", {"Content-Type": "application/json", **headers}, b'{"integration": "x"}'
    )
    assert send(request).status in {403, 404}


def test_resolve_with_an_unknown_access_key_is_refused(stack: Stack) -> None:
    program = Program(url=stack.url, credentials=Credentials("AKIAFAKEFAKEFAKEFAKE", "fake"))
    assert program.resolve("/v2/credentials", integration="x").status == 403
