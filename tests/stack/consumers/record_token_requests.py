"""Let the official packages of providers exchange an identity token, and print the requests that they send.

The packages are not modified: every host name resolves to a server on loopback, whose certificate they trust. Run this
file with the interpreter of `.venv-consumers/federation`; the argument is a folder for the certificate.
"""

import json
import os
import socket
import ssl
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import google.auth.transport.requests
from anthropic.lib.credentials import WorkloadIdentityCredentials
from azure.identity import ClientAssertionCredential
from google.auth import identity_pool
from openai.auth import WorkloadIdentityAuth

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.connection.certificates import certify
from tests.stack.consumers.token_request_cases import CLOUDS, IDENTITY_TOKEN, UUID, WORKLOAD_IDENTITY_PROVIDER

HOSTS = (
    "auth.openai.com",
    "api.anthropic.com",
    "sts.googleapis.com",
    "iamcredentials.googleapis.com",
    *(host for host, _ in CLOUDS.values()),
)
ANSWER = {
    "access_token": "fake-access-token",
    "token_type": "Bearer",
    "expires_in": 3600,
    "accessToken": "fake-access-token",
    "expireTime": "2100-01-01T00:00:00Z",
}
RECORDED_HEADERS = ("anthropic-beta", "authorization")
recorded_requests: list[dict[str, Any]] = []


class Handler(BaseHTTPRequestHandler):
    """Records requests, and answers each with a token."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        content_type = self.headers["Content-Type"]
        is_json = content_type == "application/json"
        recorded_requests.append(
            {
                "method": self.command,
                "url": f"https://{self.headers['Host']}{self.path}",
                "content_type": content_type,
                "fields": json.loads(body) if is_json else dict(parse_qsl(body, strict_parsing=True)),
                "headers": {name: self.headers[name] for name in RECORDED_HEADERS if name in self.headers},
            }
        )
        answer = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def serve(folder: Path) -> None:
    """Start the server, and direct every connection of this process to it."""
    certificate, key = certify(folder, *HOSTS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", server.server_address)]
    socket.getaddrinfo = lambda *_, **__: address  # type: ignore[assignment]
    os.environ.update(SSL_CERT_FILE=str(certificate), REQUESTS_CA_BUNDLE=str(certificate))


class Supplier(identity_pool.SubjectTokenSupplier):  # type: ignore[misc] # not installed where mypy runs
    """Supplies the identity token."""

    def get_subject_token(self, *_: object) -> str:
        return IDENTITY_TOKEN


def exchange_with_openai() -> None:
    provider: Any = {"token_type": "jwt", "get_token": lambda: IDENTITY_TOKEN}
    identity: Any = {"identity_provider_id": "idp_fake", "service_account_id": "sa_fake", "provider": provider}
    WorkloadIdentityAuth(workload_identity=identity).get_token()


def exchange_with_anthropic(workspace: str | None = None) -> None:
    WorkloadIdentityCredentials(
        identity_token_provider=lambda: IDENTITY_TOKEN,
        federation_rule_id="fdrl_fake",
        organization_id=UUID,
        service_account_id="svac_fake",
        workspace_id=workspace,
    )()


def exchange_with_azure(cloud: str) -> None:
    host, scope = CLOUDS[cloud]
    ClientAssertionCredential(UUID, UUID, lambda: IDENTITY_TOKEN, authority=host).get_token(scope)


def exchange_with_google(email: str | None = None) -> None:
    impersonated = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    credentials = identity_pool.Credentials(
        audience=f"//iam.googleapis.com/{WORKLOAD_IDENTITY_PROVIDER}",
        subject_token_type="urn:ietf:params:oauth:token-type:jwt",
        subject_token_supplier=Supplier(),
        service_account_impersonation_url=impersonated if email else None,
        scopes=["https://www.googleapis.com/auth/cloud-platform"],
    )
    credentials.refresh(google.auth.transport.requests.Request())


CASES: dict[str, tuple[str, Callable[[], None]]] = {
    "OPEN_AI": ("openai", exchange_with_openai),
    "ANTHROPIC": ("anthropic", exchange_with_anthropic),
    "ANTHROPIC workspace": ("anthropic", lambda: exchange_with_anthropic("wrkspc_fake")),
    "AZURE_OPEN_AI": ("azure-identity", lambda: exchange_with_azure("public")),
    "AZURE_OPEN_AI usgov": ("azure-identity", lambda: exchange_with_azure("usgov")),
    "AZURE_OPEN_AI china": ("azure-identity", lambda: exchange_with_azure("china")),
    "VERTEX_AI": ("google-auth", exchange_with_google),
    "VERTEX_AI service account": (
        "google-auth",
        lambda: exchange_with_google("models@project-1.iam.gserviceaccount.com"),
    ),
}


def record(folder: Path) -> dict[str, Any]:
    """Record the requests of every case."""
    serve(folder)
    recorded = {}
    for name, (package, exchange) in CASES.items():
        recorded_requests.clear()
        exchange()
        recorded[name] = {"package": f"{package} {version(package)}", "requests": list(recorded_requests)}
    return recorded


if __name__ == "__main__":
    print(json.dumps(record(Path(sys.argv[1])), indent=2))
