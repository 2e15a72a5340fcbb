from pathlib import Path

from local.layers import link_runtime, search_path
from local.workspace import Workspace


def test_lets_the_last_layer_win() -> None:
    function = {"Layers": [{"Ref": "Dependencies"}, {"Ref": "Shared"}]}
    layers = {"Dependencies": [Path("copy"), Path("installed")], "Shared": [Path("shared")], "Other": [Path("other")]}
    assert search_path(function, layers) == [Path("shared"), Path("copy"), Path("installed")]


def test_gives_a_function_without_layers_none() -> None:
    assert search_path({}, {"Dependencies": [Path("copy")]}) == []


def test_links_the_runtimes_packages_and_what_they_need_and_nothing_else(workspace: Workspace) -> None:
    linked = {path.name for path in link_runtime(workspace).iterdir() if path.is_dir()}
    assert {"boto3", "botocore", "awslambdaric", "urllib3", "dateutil"} <= linked
    assert not {"ministack", "samtranslator", "pip", "pydantic"} & linked
