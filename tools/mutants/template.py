"""Change template.yaml in small ways: `python -m tools.mutants.template [NAME …]`, with names like `Key` or `Globals`.

Each mutant is a changed copy of the parsed template. A process of its own runs tests/template on it until one fails.
"""

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import cache, partial
from io import StringIO
from typing import Any, NamedTuple, cast

import pytest
from tests import sam_template

from tools.mutants import survivors
from tools.mutants.suite import Suite

_SECTIONS = ("Parameters", "Rules", "Mappings", "Conditions", "Globals", "Resources", "Outputs")
# Texts for people and for build tools.
_UNCHANGED = frozenset(
    {"AlarmDescription", "AssertDescription", "DashboardBody", "Description", "Metadata", "Sid", "Type"}
)
# Without these, or with another text in them, CloudFormation or cfn-lint rejects the template.
_REQUIRED = frozenset({"Action", "AttributeType", "Effect", "KeyType", "PolicyDocument", "Principal", "Properties"})
_REQUIRED |= {"AssumeRolePolicyDocument", "PolicyName", "Resource", "Statement", "Version"}

Place = tuple[str | int, ...]


class TemplateMutant(NamedTuple):
    """The place of a change in the template, and the new value; None removes the place."""

    place: Place
    value: Any = None

    @property
    def name(self) -> str:
        """The name in the list of survivors."""
        change = "removed" if self.value is None else f"-> {self.value!r}"
        return f"template.yaml {'/'.join(map(str, self.place))}: {change}"

    def apply(self, template: dict[str, Any]) -> dict[str, Any]:
        """Build the changed template. Without anchors, as in JSON, no other place changes."""
        parent = changed = json.loads(json.dumps(template))
        *above, last = self.place
        for step in above:
            parent = parent[step]
        if self.value is None:
            del parent[last]
        else:
            parent[last] = self.value
        return cast("dict[str, Any]", changed)


def mutants(node: Any, place: Place = ()) -> Iterator[TemplateMutant]:  # noqa: ANN401 - any part of the template
    """Remove each part of the template below a place, and change each value."""
    steps = range(len(node)) if isinstance(node, list) else [step for step in node if step not in _UNCHANGED]
    for step in steps:
        here, value = (*place, step), node[step]
        if len(place) > 1 and step not in _REQUIRED:
            yield TemplateMutant(here)
        if isinstance(value, dict | list) and not _is_function(value):
            yield from mutants(value, here)
        else:
            yield from (TemplateMutant(here, other) for other in _other_values(here, value) if other != value)


def _other_values(place: Place, value: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(value, dict) and "Fn::If" in value:
        yield from (each for each in value["Fn::If"][1:] if each != {"Ref": "AWS::NoValue"})
    names = [step for step in place if isinstance(step, str)]
    yield from (change(value) for is_possible, change in _CHANGES if is_possible(names, value))


def _is_function(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


_CHANGES: tuple[tuple[Callable[[list[str], Any], bool], Callable[[Any], Any]], ...] = (
    (lambda _names, value: isinstance(value, bool), lambda value: not value),
    (lambda _names, value: type(value) is int, lambda value: value + 1),
    (lambda names, _value: names[0] == "Conditions", lambda value: {"Fn::Not": [value]}),
    (lambda names, _value: names[-1] == "Action", lambda value: re.sub(":.*", ":*", value)),
    (lambda names, _value: names[-1] == "Resource" or "Principal" in names, lambda _value: "*"),
    (
        lambda names, value: isinstance(value, str) and not _REQUIRED & {*names[-2:]},
        lambda value: f"{value}-changed",
    ),
)


def _apply(mutant: TemplateMutant | None) -> None:
    """Import the tests again, with the changed template. SAM translates it once for each set of parameters."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    tests = importlib.import_module("tests.sam_template")
    changed = mutant.apply(sam_template.template()) if mutant else sam_template.template()  # parsed once, by the parent
    tests.template, tests.processed = lambda: changed, cache(tests.processed)  # type: ignore[attr-defined]


def _alive(every: Sequence[TemplateMutant]) -> Iterator[str]:
    """Name the mutants that no test notices."""
    suite = Suite(["tests/template"])
    with redirect_stdout(StringIO()):
        pytest.main(["--collect-only", "-p", "no:cacheprovider", "tests/template"])  # imports once what the tests use
    suite.require_success(lambda: _apply(None))
    survived = 0
    for index, mutant in enumerate(every):
        print(f"\rtemplate: {index} of {len(every)}, {survived} not noticed", end="", file=sys.stderr, flush=True)
        if not suite.notices(partial(_apply, mutant)):
            survived += 1
            print(f"\r{mutant.name}", flush=True)
            yield mutant.name


def main(names: Sequence[str]) -> int:
    """Test the mutants of these parts of the template, or of all, and return 1 if a survivor is not listed."""
    parts = {name: sam_template.template()[name] for name in _SECTIONS}
    every = [each for each in mutants(parts) if not names or {*names} & {*each.place[:2]}]
    return survivors.report("template", len(every), list(_alive(every)), set() if names else {"template.yaml"})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
