"""Which registration a stack acts by."""

import pytest

from ai_integrations.domain.model import Caller, Membership, Role
from ai_integrations.domain.senders import select_stacks
from tests.builders import a_source, the_stacks


@pytest.mark.parametrize(
    ("pattern", "stack"),
    [
        ("app", "app"),
        ("app-*", "app-"),
        ("app-*", "app-prod"),
        ("*-ai", "team-ai"),
        ("team-*-ai", "team-a-ai"),
        ("*", "anything"),
    ],
)
def test_pattern_matches_the_whole_name_of_the_stack(pattern: str, stack: str) -> None:
    assert select_stacks([the_stacks(name=pattern)], stack) == the_stacks(name=pattern)


@pytest.mark.parametrize(
    ("pattern", "stack"),
    [
        ("app", "app2"),
        ("app", "my-app"),
        ("app", "App"),
        ("app-*", "app"),
        ("app-*", "my-app-1"),
        ("team-*-ai", "team-ai"),
        ("*-ai", "team-ai-2"),
    ],
)
def test_pattern_does_not_match_another_name(pattern: str, stack: str) -> None:
    assert select_stacks([the_stacks(name=pattern)], stack) is None


@pytest.mark.parametrize(
    ("selected", "others"),
    [
        pytest.param("team-app", ["*", "team-*", "team-app*", "*team-app"], id="the name itself"),
        pytest.param("team-*", ["*", "t*", "*m-*"], id="the most characters"),
        pytest.param("team-*", ["team-**"], id="the fewest wildcards"),
        pytest.param("*-app", ["team*"], id="the first by name"),
    ],
)
def test_most_specific_of_several_patterns_is_selected_in_any_order(selected: str, others: list[str]) -> None:
    patterns = [the_stacks(name=name) for name in (selected, *others)]
    for ordered in (patterns, patterns[::-1]):
        assert select_stacks(ordered, "team-app") == the_stacks(name=selected)


def test_caller_has_the_rights_of_the_sender_and_the_stated_user() -> None:
    memberships = (Membership(space_id="s", admin=True),)
    sender = a_source(role=Role.MEMBER, memberships=memberships)
    assert sender.caller("bob") == Caller(account="acme", user="bob", role=Role.MEMBER, memberships=memberships)
