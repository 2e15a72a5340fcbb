"""What is left of botocore in the dependencies layer."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from layers.dependencies.prune_botocore import SERVICES, prune

from tests.builders import ROOT

CLIENTS = ROOT / "layers/shared/ai_integrations/bootstrap/aws_clients.py"
MODEL: Any = {
    "documentation": "<p>A service.</p>",
    "shapes": {
        "Function": {
            "type": "structure",
            "required": ["documentation"],
            "members": {"documentation": {"shape": "String", "documentation": "<p>A text.</p>"}},
            "documentation": "<p>A function.</p>",
        }
    },
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make the data folder of an installed botocore that has two services."""
    data = tmp_path / "botocore" / "data"
    for service in ("sqs", "s3"):
        folder = data / service / "2012-11-05"
        folder.mkdir(parents=True)
        (folder / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(MODEL).encode()))
        (folder / "paginators-1.json").write_text("{}")
        (folder / "examples-1.json").write_text("{}")
    for name in ("_retry.json", "endpoints.json", "new-in-a-later-version.json", "partitions.json"):
        (data / name).write_text('{"partitions": [{}]}')
    return data


def test_services_are_those_that_clients_are_created_for() -> None:
    created = re.findall(r'_client\(\s*"([\w-]+)"', CLIENTS.read_text())
    assert set(created) == SERVICES


def test_prune_keeps_the_services_in_use_and_the_files_for_every_client(data: Path) -> None:
    prune(data.parent.parent)
    assert {path.name for path in data.iterdir()} == {"_retry.json", "endpoints.json", "partitions.json", "sqs"}
    assert {path.name for path in (data / "sqs/2012-11-05").iterdir()} == {"paginators-1.json", "service-2.json"}


def test_prune_empties_the_endpoints_and_no_other_shared_file(data: Path) -> None:
    prune(data.parent.parent)
    assert json.loads((data / "endpoints.json").read_text())["partitions"] == []
    assert json.loads((data / "partitions.json").read_text())["partitions"] == [{}]


def test_prune_drops_documentation_but_no_member_of_that_name(data: Path) -> None:
    prune(data.parent.parent)
    assert json.loads((data / "sqs/2012-11-05/service-2.json").read_text()) == {
        "shapes": {
            "Function": {
                "type": "structure",
                "required": ["documentation"],
                "members": {"documentation": {"shape": "String"}},
            }
        }
    }


def test_prune_leaves_linked_files_as_they_are(data: Path, tmp_path: Path) -> None:
    """The local stack prunes a tree of links to the installed botocore."""
    installed = data / "endpoints.json"
    linked = tmp_path / "layer" / "botocore" / "data"
    linked.mkdir(parents=True)
    (linked / "endpoints.json").symlink_to(installed)
    prune(tmp_path / "layer")
    assert json.loads(installed.read_text())["partitions"] == [{}]
    assert json.loads((linked / "endpoints.json").read_text())["partitions"] == []
