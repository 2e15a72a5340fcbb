"""Collect the regular expressions of the code and of the template."""

import ast
import importlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from ai_integrations.domain import api_keys, endpoints
from ai_integrations.domain.federations import FEDERATION_KINDS
from ai_integrations.domain.providers import METADATA_FORMATS, PROVIDERS, Address
from tests import sam_template
from tests.builders import ROOT

SOURCES = ("layers/shared", "layers/client", "layers/dependencies", "functions", "tools")
# It needs the mutation tool's packages, and searches the names of our own code only.
EXCLUDED = ROOT / "tools" / "mutants"
FUNCTIONS = {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}


class Use(NamedTuple):
    """A regular expression, and the function that applies it. `search` also stands for all that search."""

    expression: str
    flags: int
    function: str


class Unknown(NamedTuple):
    """A call whose regular expression is known at run time only."""

    module: str
    argument: str


def _for_providers(build: Callable[[Address], Iterable[str]]) -> list[str]:
    return [each for provider in PROVIDERS.values() for each in build(provider.address)]


# The values of all expressions that are known at run time only.
RUN_TIME = {
    Unknown("ai_integrations.domain.api_keys", "each"): list(api_keys._PLACEHOLDERS),
    Unknown("ai_integrations.domain.rules", "expected.pattern"): [each.pattern for each in METADATA_FORMATS.values()],
    Unknown("ai_integrations.domain.federation_rules", "field.pattern"): [
        each.pattern for kind in FEDERATION_KINDS for each in kind.fields.values()
    ],
    Unknown("ai_integrations.domain.endpoints", "_PLACEHOLDERS.get(name, _LABEL)"): [
        *endpoints._PLACEHOLDERS.values(),
        endpoints._LABEL,
    ],
    Unknown("ai_integrations.domain.endpoints", "address.other_apis"): _for_providers(lambda each: [each.other_apis]),
    Unknown("ai_integrations.domain.endpoints", "_pattern(own)"): _for_providers(
        lambda each: map(endpoints._pattern, each.roots)
    ),
    Unknown("ai_integrations.domain.endpoints", "f'{_pattern(_origin(own))}(/|$)'"): _for_providers(
        lambda each: [f"{endpoints._pattern(endpoints._origin(own))}(/|$)" for own in each.roots]
    ),
    Unknown(
        "ai_integrations.domain.endpoints", "f'(/v[0-9]\\\\w*|/openai)/({address.objects})(/.*)?$|{_METHOD}'"
    ): _for_providers(lambda each: [rf"(/v[0-9]\w*|/openai)/({each.objects})(/.*)?$|{endpoints._METHOD}"]),
}


@cache
def collect() -> frozenset[Use]:
    """Collect every regular expression. Raise KeyError for one that is known at run time only, and not in RUN_TIME."""
    known = {use for use in in_code() if isinstance(use, Use)}
    return frozenset(known.union(in_template()))


def in_code() -> Iterator[Use | Unknown]:
    """Find the regular expressions in calls of `re`, and in arguments named `pattern`."""
    paths = chain.from_iterable((ROOT / folder).rglob("*.py") for folder in SOURCES)
    for path in (path for path in paths if not path.is_relative_to(EXCLUDED)):
        yield from in_source(path.read_text(), _module(path))


def in_source(source: str, module: str) -> Iterator[Use | Unknown]:
    """Find the regular expressions in the source of a module. An Unknown is followed by its values."""
    tree = ast.parse(source)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = _function_of_re(call)
        if function == "compile":
            compiled = eval(ast.unparse(call), _namespace(module))  # noqa: S307 - our own code
            yield from (Use(compiled.pattern, compiled.flags, each) for each in _methods(tree, call))
        elif function is not None:
            yield from _uses(module, function, call.args[0])
        for keyword in call.keywords:
            if keyword.arg == "pattern":
                yield from _uses(module, "search", keyword.value)


def in_template() -> Iterator[Use]:
    """Find the patterns of parameters, and of access keys in API Gateway."""
    template = sam_template.template()
    for parameter in template["Parameters"].values():
        if "AllowedPattern" in parameter:
            yield Use(parameter["AllowedPattern"], 0, "search")
    for authorizer in template["Resources"]["Api"]["Properties"]["Auth"]["Authorizers"].values():
        yield Use(authorizer["Identity"]["ValidationExpression"], 0, "search")


def _function_of_re(call: ast.Call) -> str | None:
    match call.func:
        case ast.Attribute(value=ast.Name(id="re"), attr=name) if name in FUNCTIONS:
            return name
    return None


def _methods(tree: ast.AST, call: ast.Call) -> set[str]:
    """Find the methods of a compiled expression that its module calls. Without any, it may be used for a search."""
    [name] = [
        node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value is call and isinstance(node.targets[0], ast.Name)
    ]
    called = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }
    return called or {"search"}


def _uses(module: str, function: str, argument: ast.expr) -> Iterator[Use | Unknown]:
    text = ast.unparse(argument)
    try:
        values = [eval(text, _namespace(module))]  # noqa: S307 - our own code
    except NameError:  # it contains a local variable
        unknown = Unknown(module, text)
        yield unknown
        values = RUN_TIME[unknown]
    for value in values:
        compiled = re.compile(value)
        yield Use(compiled.pattern, compiled.flags, function)


def _namespace(module: str) -> dict[str, Any]:
    return dict(vars(importlib.import_module(module)))


def _module(path: Path) -> str:
    relative = path.relative_to(ROOT)
    for root in ("layers/shared", "layers/client"):
        if relative.is_relative_to(root):
            relative = relative.relative_to(root)
    return ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
