"""Contract tests run over the fakes and over the real adapters, so that a fake that deviates from them fails."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.contract.stores import AwsStores, InMemoryStores, Stores


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """Share one session among all clients, because loading service models takes most of a test's time."""
    return boto3.Session()


@pytest.fixture
def emulator_stores(session: boto3.Session, emulator: str) -> AwsStores:
    """Create stores on the emulator for one test."""
    return AwsStores(session, emulator)


@pytest.fixture(params=["memory", "moto", "emulator"])
def stores(request: pytest.FixtureRequest, session: boto3.Session) -> Iterator[Stores]:
    """Create stores in memory, on moto and on the emulator, which must behave alike."""
    if request.param == "memory":
        yield InMemoryStores()
    elif request.param == "moto":
        with mock_aws():
            yield AwsStores(session)
    else:
        yield request.getfixturevalue("emulator_stores")


@pytest.fixture(params=["moto", "emulator"])
def aws(request: pytest.FixtureRequest, session: boto3.Session) -> Iterator[AwsStores]:
    """Create stores on moto and on the emulator, for what concerns the adapters only."""
    if request.param == "moto":
        with mock_aws():
            yield AwsStores(session)
    else:
        yield request.getfixturevalue("emulator_stores")
