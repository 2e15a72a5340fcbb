"""Regular expressions take linear time, or their input is short. `make regexes` checks it with Node.js."""

import re

import pytest

from tests.regexes.collection import RUN_TIME, Unknown, Use, collect, in_code, in_source
from tests.regexes.recheck import check, in_javascript

# Expressions that need more than linear time, by a part of them, with the bound of their input.
BOUNDED = {
    "(?=[^\\d]*\\d)(?=[^A-Za-z]*[A-Za-z])": "at most 2,000 characters: _EXAMINED_LENGTH in redaction.py",
    "(?s)<(script|style)>": "a page of this package",
    "bedrock(?:-[a-z]+)*": "a host in a base_url, which has at most 2,048 characters",
    "(/v[0-9]\\w*|/openai)/": "a path in a base_url, which has at most 2,048 characters",
}


def is_bounded(use: Use) -> bool:
    return any(part in use.expression for part in BOUNDED)


@pytest.mark.parametrize(
    ("expression", "function"),
    [
        ("aik_[A-Za-z0-9_-]{43}", "fullmatch"),  # a constant
        (r"[\x21-\x7e]{1,255}", "fullmatch"),  # a constant of the module that a call names
        ("^[0-9a-f]{32}$", "search"),  # the pattern of a field
        (r"[^\s\"'`<>(){}\[\],;:|]+", "sub"),  # compiled
        ("[a-z0-9]+(?:-[a-z0-9]+)*", "fullmatch"),  # known at run time only
        ("^[A-Z0-9]*$", "search"),  # of a parameter
        ("^[Bb][Ee][Aa][Rr][Ee][Rr] +aik_[A-Za-z0-9_-]{43}$", "search"),  # of API Gateway
    ],
)
def test_collection_finds_expression(expression: str, function: str) -> None:
    assert (expression, function) in {(each.expression, each.function) for each in collect()}


def test_values_are_listed_of_exactly_the_expressions_that_are_known_at_run_time_only() -> None:
    assert {each for each in in_code() if isinstance(each, Unknown)} == RUN_TIME.keys()


def test_call_with_an_unlisted_expression_is_rejected() -> None:
    with pytest.raises(KeyError):
        list(in_source("re.search(unlisted, text)", "re"))


@pytest.mark.parametrize("part", BOUNDED)
def test_every_exception_is_used(part: str) -> None:
    assert [each for each in collect() if part in each.expression]


@pytest.mark.parametrize(
    ("use", "translated"),
    [
        (Use("a+", 0, "fullmatch"), ("^(?:a+)$", "")),
        (Use("(?P<a>b)", 0, "match"), ("^(?:(?<a>b))", "")),
        (Use("(?i:a)|[ #]  # comment", re.VERBOSE, "sub"), ("(?:a)|[ #]", "i")),
        (Use(r"(?s)[\U000e0100-\U000e01ef]", re.DOTALL, "sub"), (r"[\u{e0100}-\u{e01ef}]", "su")),
    ],
)
def test_expression_is_translated_to_javascript(use: Use, translated: tuple[str, str]) -> None:
    assert in_javascript(use) == translated


@pytest.mark.regexes
def test_every_expression_takes_linear_time_or_has_bounded_input() -> None:
    uses = [each for each in sorted(collect()) if not is_bounded(each)]
    assert len(uses) > 50
    assert [each for each in zip(uses, check(uses), strict=True) if each[1]["status"] != "safe"] == []


@pytest.mark.regexes
@pytest.mark.parametrize(
    ("expression", "function"),
    [("(a+)+$", "fullmatch"), (r"\s+$", "sub"), (r"(?=[^\d]*\d)[A-Za-z0-9]{24,}", "search"), ("<[^>]{0,500}>", "sub")],
)
def test_checker_finds_expression_that_takes_more_than_linear_time(expression: str, function: str) -> None:
    assert [each["status"] for each in check([Use(expression, 0, function)])] == ["vulnerable"]
