"""A fake AWS on loopback. It responds immediately, with realistic data of one account."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from botocore.httpsession import DEFAULT_CA_BUNDLE

from ai_integrations.adapters.dynamodb import items
from ai_integrations.adapters.dynamodb.attributes import to_wire
from ai_integrations.contracts.caller import caller_item
from ai_integrations.domain.model import Integration, PreviousKey, Scoping, SecretVersion, Tombstone
from tests.benchmarks.requests import FEDERATED_ULID, TAKEN
from tests.builders import ACCESS_TOKEN, FEDERATIONS, NOON, ULID, a_caller, an_integration
from tests.connection.certificates import certify

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ai-integrations-test/acme/1-abcdef"
SECRET = {"ARN": ARN, "Name": "ai-integrations-test/acme/1", "VersionId": "f" * 32}
STATIC: dict[str, dict[str, Any]] = {
    "Scan": {"Items": [], "Count": 0},
    "PutEvents": {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
    "ListSecrets": {"SecretList": []},
    "CreateSecret": SECRET,
    "PutSecretValue": SECRET,
    "GetSecretValue": SECRET | {"SecretString": "sk-fake-0123456789-not-a-key"},
    "DescribeSecret": SECRET
    | {
        "Tags": [{"Key": "ai-integrations:account", "Value": "acme"}],
        "VersionIdsToStages": {"e" * 32: ["AWSCURRENT", f"ai-integrations-{'e' * 32}"]},
    },
}
# Response of STS, the only service with an XML protocol: AssumeRole is denied, so a connection test ends there.
ASSUME_ROLE_DENIED = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
# Response of functions/exchange_token. The emulated Lambda has no other function.
TOKEN = {"access_token": ACCESS_TOKEN, "expires_at": "2100-01-01T00:00:00+00:00", "identity": {}}
PAGE = 50
[_TAKEN] = items.name_items(an_integration(name=TAKEN))
GUARDS = {_TAKEN["sk"]: to_wire(_TAKEN)}


def integration(**changes: Any) -> Integration:
    """Build an integration of typical size."""
    return an_integration(
        model_names=("gpt-4", "gpt-4o"),
        scopings=(Scoping(),),
        secret=SecretVersion(arn=ARN, version="e" * 32),
        **changes,
    )


def respond(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """Return the response body of an AWS operation; it is empty for most writes."""
    if operation in DYNAMIC:
        return DYNAMIC[operation](request)
    return STATIC.get(operation, {})


def _get(request: dict[str, Any]) -> dict[str, Any]:
    return {"Item": to_wire(_item(request["Key"]["sk"]["S"]))}


def _guards(request: dict[str, Any]) -> dict[str, Any]:
    """Return the guard items that exist: one taken name, and the idempotency records written so far."""
    [(table, wanted)] = request["RequestItems"].items()
    return {"Responses": {table: [GUARDS[key["sk"]["S"]] for key in wanted["Keys"] if key["sk"]["S"] in GUARDS]}}


def _write(request: dict[str, Any]) -> dict[str, Any]:
    put = (each["Put"]["Item"] for each in request["TransactItems"] if "Put" in each)
    GUARDS.update({item["sk"]["S"]: item for item in put if item["sk"]["S"].startswith("IDEMPOTENCY#")})
    return {}


def _item(sort_key: str) -> items.Item:
    if sort_key == "ACCESSKEY":
        return caller_item(a_caller())
    if sort_key.startswith("NAME#"):
        return {"integration_id": ULID}
    if sort_key.startswith("DELETED#"):
        expiry = NOON.replace(year=2100)
        return items.tombstone_item(
            Tombstone(integration=integration(), deleted_at=NOON, deleted_by="alice", expires_at=expiry)
        )
    if sort_key == f"INTEGRATION#{FEDERATED_ULID}":
        return items.integration_item(an_integration(id=FEDERATED_ULID, federation=FEDERATIONS["OPEN_AI"]))
    if sort_key.startswith("INTEGRATION#"):
        return items.integration_item(integration(previous_key=_former_key()))
    return {}


def _former_key() -> PreviousKey:
    return PreviousKey(secret=SecretVersion(arn=ARN, version="d" * 32), usable_until=NOON.replace(year=2100))


def _page(request: dict[str, Any]) -> dict[str, Any]:
    prefix = request.get("ExpressionAttributeValues", {}).get(":prefix", {}).get("S", "")
    if prefix != "INTEGRATION#":
        return {"Items": [], "Count": 0}
    found = [to_wire(items.integration_item(integration(id=f"01KDZ3ZQ800000000000000{n:03}"))) for n in range(PAGE)]
    return {"Items": found, "Count": PAGE}


DYNAMIC = {"GetItem": _get, "BatchGetItem": _guards, "TransactWriteItems": _write, "Query": _page}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if target := self.headers.get("x-amz-target"):
            self._send(json.dumps(respond(target.rpartition(".")[2], json.loads(body))).encode())
        elif self.path.endswith("/invocations"):
            self._send(json.dumps(TOKEN).encode())
        else:
            self._send(ASSUME_ROLE_DENIED, status=403)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self._send(b"")

    def _send(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Suppress the access log."""


class _OneRequestHandler(_Handler):
    """Closes the connection after each response, as AWS does with idle connections."""

    protocol_version = "HTTP/1.0"


@contextmanager
def serving() -> Iterator[str]:
    """Serve over HTTP, and yield the endpoint."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server, _running(server):
        yield f"http://127.0.0.1:{server.server_port}"


@contextmanager
def serving_over_tls(folder: Path) -> Iterator[dict[str, str]]:
    """Serve over TLS, one request per connection; yield the environment variables for clients.

    The CA bundle is botocore's, with this server's certificate appended.
    """
    certificate, key = certify(folder, "localhost")
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(DEFAULT_CA_BUNDLE).read_bytes() + certificate.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), _OneRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        with _running(server):
            yield {"AWS_ENDPOINT_URL": f"https://localhost:{server.server_port}", "AWS_CA_BUNDLE": str(bundle)}


@contextmanager
def _running(server: ThreadingHTTPServer) -> Iterator[None]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
