"""Connections of the AWS clients: reused, with CA certificates loaded once, and only to trusted servers."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, SSLError
from pytest_socket import socket_allow_hosts  # type: ignore[import-untyped]

from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.botocore_session import session, tls
from tests.connection.certificates import certify
from tests.connection.servers import Reply, Server, serve
from tests.free_port import free_port

ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1})
KEY: Any = {"TableName": "t", "Key": {}}


@pytest.fixture(autouse=True)
def separate_tls_context() -> Iterator[None]:
    """Reset the cached TLS context, so that no other test trusts these certificates."""
    socket_allow_hosts(["127.0.0.1", "::1"])
    tls.cache_clear()
    yield
    tls.cache_clear()


@contextmanager
def serve_https(folder: Path, name: str = "localhost") -> Iterator[tuple[Server, Path]]:
    """Run an HTTPS server, and yield it with the CA bundle that trusts it."""
    certificate, key = certify(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serve(context) as server:
        yield server, certificate


def a_client(service: str, url: str, bundle: Path | None = None) -> Any:
    return session().create_client(
        service, endpoint_url=url, verify=str(bundle) if bundle else None, config=ONE_ATTEMPT
    )


def test_aws_clients_load_ca_certificates_once(tmp_path: Path) -> None:
    with serve_https(tmp_path) as (server, bundle):
        dynamodb, secrets_manager = (
            a_client(service, server.url("localhost"), bundle) for service in ("dynamodb", "secretsmanager")
        )
        for _ in range(3):
            dynamodb.get_item(**KEY)
            secrets_manager.describe_secret(SecretId="s")
    assert len(server.peers) == 6
    reads: Any = tls().load_verify_locations
    assert (reads.cache_info().misses, reads.cache_info().hits) == (1, 5)


def test_aws_client_rejects_untrusted_certificate(tmp_path: Path) -> None:
    with serve_https(tmp_path) as (server, _), pytest.raises(SSLError, match="self-signed certificate"):
        a_client("dynamodb", server.url("localhost")).get_item(**KEY)
    assert server.received == []


def test_aws_client_rejects_certificate_of_different_host(tmp_path: Path) -> None:
    with serve_https(tmp_path, "dynamodb.example") as (server, bundle), pytest.raises(SSLError, match="doesn't match"):
        a_client("dynamodb", server.url("localhost"), bundle).get_item(**KEY)
    assert server.received == []


def test_aws_client_reuses_connection() -> None:
    with serve(protocol="HTTP/1.1") as server:
        client = a_client("dynamodb", server.url())
        for _ in range(3):
            client.get_item(**KEY)
        assert (len(server.received), len(server.peers)) == (3, 1)
        client.close()


def last_call() -> dict[str, Any]:
    [call] = aws_calls.log_fields()["aws_calls"]
    return {name: value for name, value in call.items() if name != "ms"}


def test_call_that_succeeds_after_a_retry_is_recorded_once_with_both_attempts() -> None:
    aws_calls.restart()
    with serve() as server:
        server.behave = lambda _: Reply(500 if len(server.received) == 1 else 200)
        config = Config(retries={"mode": "standard", "total_max_attempts": 2})
        client: Any = session().create_client("dynamodb", endpoint_url=server.url(), config=config)
        client.get_item(**KEY)
    assert last_call() == {"service": "dynamodb", "operation": "GetItem", "attempts": 2, "outcome": "ok"}


def test_call_that_aws_rejects_is_recorded_with_its_error_code() -> None:
    aws_calls.restart()
    with serve() as server:
        server.behave = lambda _: Reply.from_json({"__type": "com.amazon#ThrottlingException"}, 400)
        with pytest.raises(ClientError):
            a_client("secretsmanager", server.url()).describe_secret(SecretId="s")
    expected = {"service": "secretsmanager", "operation": "DescribeSecret", "attempts": 1}
    assert last_call() == {**expected, "outcome": "ThrottlingException"}


def test_call_without_an_answer_is_recorded_with_the_name_of_the_error() -> None:
    aws_calls.restart()
    with pytest.raises(EndpointConnectionError):
        a_client("events", f"http://127.0.0.1:{free_port()}").list_event_buses()
    expected = {"service": "events", "operation": "ListEventBuses", "attempts": 1}
    assert last_call() == {**expected, "outcome": "EndpointConnectionError"}
