"""The list of mutants that change nothing, and what `make mutants` reports about it."""

import tomllib

import pytest
from tools.mutants.mutant import Mutant
from tools.mutants.packages import selected
from tools.mutants.survivors import Reviewed, faults, reviewed

from tests.builders import ROOT

LIST = ROOT / "tools/mutants/survivors.toml"
PATH = "layers/shared/ai_integrations/domain/rules.py"


def test_name_of_a_mutant_shows_its_place_and_the_changed_line() -> None:
    diff = ["@@ -1,2 +1,2 @@", " def check():", "-    return a and b", "+    return a or b"]
    mutant = Mutant.of("src/ai_integrations/domain/rules.py", "check", diff, noticed=False)
    assert mutant.name == f"{PATH} check: return a and b -> return a or b"


def test_client_and_service_are_different_packages() -> None:
    mutant = Mutant.of("src/ai_integrations_client/cache.py", "", ["-a", "+b"], noticed=False)
    assert mutant.name.startswith("layers/client/ai_integrations_client/cache.py ")


def test_survivor_is_a_fault_unless_its_name_or_kind_is_listed() -> None:
    survivors = [f"{PATH} check: a -> b", f"{PATH} check: a -> c", f'{PATH} check: cast("x", y) -> cast(None, y)']
    listed = Reviewed(frozenset({survivors[0]}), (r"cast\(",))
    assert list(faults(survivors, listed, {PATH})) == [f"not noticed: {survivors[1]}"]


def test_listed_mutant_that_did_not_survive_is_a_fault_if_its_file_was_changed() -> None:
    listed = Reviewed(frozenset({f"{PATH} check: a -> b", "layers/other.py f: a -> b"}), ())
    assert list(faults([], listed, {PATH})) == [f"listed, but noticed or gone: {PATH} check: a -> b"]


def test_list_gives_a_reason_for_every_group_and_names_existing_files() -> None:
    groups = tomllib.loads(LIST.read_text())["survivors"]
    assert all(group["reason"] and (group.get("mutants") or group.get("kinds")) for group in groups)
    assert all((ROOT / name.partition(" ")[0]).is_file() for name in reviewed().names)


def test_unknown_package_lists_the_packages() -> None:
    with pytest.raises(SystemExit, match=r"There is no such package\. Name one of these: make mutants PACKAGE=\w+\|"):
        selected(["domain", "unheard-of"])


def test_packages_are_all_selected_unless_some_are_named() -> None:
    assert selected(["domain"]) == ["domain"]
    assert {"domain", "template"} < set(selected([]))
