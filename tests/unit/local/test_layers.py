from importlib.metadata import version
from pathlib import Path

import botocore
import pytest
from layers.dependencies.prune_botocore import SERVICES
from tools.local.errors import LocalStackError
from tools.local.layers import build, link_runtime, search_path
from tools.local.template import Template
from tools.local.workspace import Workspace


def test_search_path_starts_with_the_last_layer() -> None:
    function = {"Layers": [{"Ref": "Dependencies"}, {"Ref": "Shared"}]}
    layers = {"Dependencies": Path("dependencies"), "Shared": Path("shared"), "Other": Path("other")}
    assert search_path(function, layers) == [Path("shared"), Path("dependencies")]


def test_search_path_of_a_function_without_layers_is_empty() -> None:
    assert search_path({}, {"Dependencies": Path("dependencies")}) == []


def test_link_runtime_links_only_runtime_packages_and_their_dependencies(workspace: Workspace) -> None:
    linked = {path.name for path in link_runtime(workspace).iterdir() if path.is_dir()}
    assert {"boto3", "botocore", "awslambdaric", "urllib3", "dateutil"} <= linked
    assert not {"ministack", "samtranslator", "pip", "pydantic"} & linked


def a_template(content: Path) -> Template:
    return {
        "Resources": {"Layer": {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": str(content)}}}
    }


def test_build_combines_the_code_and_the_required_packages_of_a_layer(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "module.py").touch()
    (tmp_path / "layer" / "requirements.txt").write_text(f"# pins\n\npydantic=={version('pydantic')}\n")
    folder = build(a_template(tmp_path / "layer"), workspace)["Layer"]
    names = {path.name for path in folder.iterdir()}
    assert {"module.py", "pydantic", "pydantic_core", "annotated_types"} <= names
    assert not {"boto3", "aws_lambda_powertools"} & names


def test_build_prunes_a_copy_of_botocore_and_not_the_installed_one(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "requirements.txt").write_text(f"botocore=={version('botocore')}\n")
    package = build(a_template(tmp_path / "layer"), workspace)["Layer"] / "botocore"
    installed = Path(botocore.__file__).parent
    assert {path.name for path in (package / "data").iterdir() if path.is_dir()} == SERVICES
    assert (installed / "data" / "s3").is_dir()
    assert (package / "session.py").samefile(installed / "session.py")


def test_build_rejects_an_installed_version_that_differs_from_the_pin(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "requirements.txt").write_text("pydantic==1.0.0\n")
    with pytest.raises(LocalStackError, match=r"pydantic==1\.0\.0 is required"):
        build(a_template(tmp_path / "layer"), workspace)
