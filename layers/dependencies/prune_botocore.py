"""Prune botocore in a folder of packages: `python3 prune_botocore.py FOLDER`.

botocore contains the API models of more than 400 services, 22 MB, and searches all their folders for each client. The
functions use eight services. The layer's Makefile and the local stack both run this module, so the local stack runs on
the SDK that is deployed. The module imports nothing of the project, because `sam build` copies only this folder.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

# The services that bootstrap/aws_clients.py creates clients for; tests/unit/test_prune_botocore.py compares the two.
SERVICES = frozenset({"bedrock-runtime", "dynamodb", "events", "kms", "lambda", "secretsmanager", "sqs", "sts"})

_SHARED_FILES = frozenset({"_retry.json", "partitions.json", "sdk-default-configuration.json"})
# botocore requires endpoints.json (1.2 MB), but the endpoint rulesets of the services replace its content.
_NO_ENDPOINTS = '{"partitions": [], "version": 3}'


def prune(packages: Path) -> None:
    """Reduce botocore's data to the services in use, and their API models to what a client needs."""
    data = packages / "botocore" / "data"
    for entry in list(data.iterdir()):
        if entry.is_dir() and entry.name not in SERVICES:
            shutil.rmtree(entry)
        elif entry.is_file() and entry.name not in _SHARED_FILES:
            entry.unlink()
    for examples in list(data.rglob("examples-1.json")):
        examples.unlink()
    for model in list(data.rglob("*.json.gz")):
        _replace_by_plain_json(model)
    (data / "endpoints.json").write_text(_NO_ENDPOINTS)


def _replace_by_plain_json(compressed: Path) -> None:
    """Decompress an API model and drop its documentation, which every cold start would parse."""
    model = _without_documentation(json.loads(gzip.decompress(compressed.read_bytes())))
    compressed.with_suffix("").write_text(json.dumps(model, separators=(",", ":")))
    compressed.unlink()


def _without_documentation(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [_without_documentation(each) for each in value]
    if not isinstance(value, dict):
        return value
    # A member of a shape may be called documentation as well: then the value is an object.
    return {
        name: _without_documentation(each)
        for name, each in value.items()
        if name != "documentation" or not isinstance(each, str)
    }


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
