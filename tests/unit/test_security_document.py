"""The threat model covers every function."""

import re

import pytest

from tests import sam_template
from tests.builders import ROOT

SECURITY = (ROOT / "SECURITY.md").read_text()
# Invoking them gives nothing: public files, and whether an access key that the invoker has is valid.
HARMLESS = {"authorizer", "console"}


def first_cells(heading: str) -> str:
    """Return the first column of the table below a heading."""
    section = SECURITY.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    return "\n".join(re.findall(r"^\| (.*?) \|", section, re.MULTILINE))


def test_table_lists_what_an_attacker_gets_with_the_role_of_each_function() -> None:
    assert set(re.findall(r"`(\w+)`", first_cells("With the role of a function"))) == sam_template.functions().keys()


@pytest.mark.parametrize("function", sorted(sam_template.functions().keys() - HARMLESS))
def test_table_lists_what_an_attacker_gets_who_invokes_a_function(function: str) -> None:
    assert re.search(rf"\binvoke .*`{function}`", first_cells("With another permission"))
