"""Architecture, glossary, data model and decision records: what they name exists, and the index is complete."""

import re
from pathlib import Path

import pytest

from tests.builders import ROOT

RECORDS = sorted((ROOT / "docs" / "adr").glob("0*.md"))
INDEX = ROOT / "docs" / "adr" / "README.md"
DOCUMENTS = [ROOT / "docs" / f"{name}.md" for name in ("architecture", "data-model", "glossary")]
PACKAGE = ROOT / "layers" / "shared" / "ai_integrations"
# Where a path in these documents may begin; the glossary and the table of items say so.
FOLDERS = [ROOT, PACKAGE, PACKAGE / "adapters" / "dynamodb", ROOT / "layers" / "client" / "ai_integrations_client"]
CODE = [path for name in ("layers", "functions", "tools", "tests") for path in (ROOT / name).rglob("*.*")]
NAMES_IN_CODE = {
    name
    for path in [ROOT / "template.yaml", *CODE]
    if path.suffix in {".py", ".toml", ".yaml"}
    for name in re.findall(r"\w+", path.read_text())
}


@pytest.mark.parametrize("document", [*DOCUMENTS, *RECORDS, INDEX], ids=lambda path: path.stem)
def test_document_paths_exist(document: Path) -> None:
    named = re.findall(r"`([\w/.-]+(?:\.py|\.yaml|\.toml|/))`", document.read_text())
    assert [path for path in named if not any((folder / path).exists() for folder in FOLDERS)] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, *RECORDS, INDEX], ids=lambda path: path.stem)
def test_document_names_functions_and_classes_that_exist(document: Path) -> None:
    named = re.findall(r"`(\w+_\w+|[A-Z][a-z]+[A-Z]\w*|\w+(?=\(\)`))(?:\(\))?`", document.read_text())
    assert [name for name in named if name not in NAMES_IN_CODE] == []


def test_index_lists_every_record_with_its_title_date_and_status() -> None:
    rows = re.findall(r"^\| \[\d{4}\].*$", INDEX.read_text(), re.MULTILINE)
    assert rows == [row_of(record) for record in RECORDS]


def row_of(record: Path) -> str:
    text = record.read_text()
    [(number, title)] = re.findall(r"^# (\d+)\. (.+)$", text, re.MULTILINE)
    [date] = re.findall(r"^- Date: (\d{4}-\d{2}-\d{2})$", text, re.MULTILINE)
    [status] = re.findall(r"^- Status: (.+)$", text, re.MULTILINE)
    return f"| [{int(number):04}]({record.name}) | {title} | {date} | {status} |"
