"""Fixtures of the fault matrix: the stack in this process, over moto and over an emulator."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from tests.cloud import Cloud, cloud, leak_search
from tests.connection.servers import serve
from tests.faults import federation_use_cases
from tests.faults.aws_backends import AwsBackend, EmulatorBackend, MotoBackend
from tests.faults.fault_injector import FaultInjector
from tests.faults.in_process_stack import InProcessStack
from tests.response_bucket import Bucket

__all__ = ["cloud"]


@pytest.fixture(autouse=True)
def no_network(socket_disabled: None) -> None:
    """Disable sockets, until a fixture enables them for loopback."""


@pytest.fixture
def moto_stack(cloud: Cloud, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessStack]:
    with _stack_over(MotoBackend(), cloud, bucket, monkeypatch) as stack:
        yield stack


@pytest.fixture
def emulator_stack(
    emulator: str,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[InProcessStack]:
    backend = EmulatorBackend(emulator)
    backend.clear()
    with (
        leak_search(Cloud(environment=monkeypatch, written=io.StringIO(), endpoint=emulator), capfd, caplog) as cloud,
        _stack_over(backend, cloud, bucket, monkeypatch) as stack,
    ):
        yield stack


@contextmanager
def _stack_over(
    backend: AwsBackend, cloud: Cloud, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InProcessStack]:
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))  # between attempts
    cloud.variables |= {
        "ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        "FEDERATION_ISSUER": "https://fake.tokens.sts.global.api.aws",
        "EXCHANGE_TOKEN_FUNCTION": "exchange-token",
    }
    injector = FaultInjector(backend)
    with serve() as provider:
        provider.behave = federation_use_cases.behave
        yield InProcessStack(cloud, backend, injector, bucket.url, provider)
    injector.close()
