"""What a new OpenAPI document takes away from the callers of an old one.

The idea is one relation: a schema is within another if whatever fits the first fits the second. The old bodies of
requests must be within the new ones; the new bodies of answers must be within the old ones, since clients reject
a field that they do not know. One thing is let through: an answer may say a new word where it says one of several
(a new provider), for clients of the founding spelling never see it.
"""

from collections.abc import Iterator
from typing import Any

from tools.apidoc.containment import gaps

Json = dict[str, Any]


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Return what is broken, one line each."""
    return list(_documents(_inlined(old, old), _inlined(new, new)))


def _inlined(node: Any, document: Json) -> Any:  # noqa: ANN401 - any JSON
    """Put what each reference means in its place; none of our schemas contains itself."""
    if isinstance(node, list):
        return [_inlined(each, document) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _inlined(target, document)
    return {name: _inlined(each, document) for name, each in node.items()}


def _documents(old: Json, new: Json) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            where = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where}: the operation is gone"
            else:
                yield from (f"{where}: {change}" for change in _operations(operation, now))


def _operations(old: Json, new: Json) -> Iterator[str]:
    if old.get("security") == [] and new.get("security") != []:
        yield "an access key is needed now"
    yield from _parameters(old.get("parameters", []), new.get("parameters", []))
    yield from _bodies(old.get("requestBody"), new.get("requestBody"))
    yield from _answers(old["responses"], new["responses"])


def _parameters(old: list[Json], new: list[Json]) -> Iterator[str]:
    before = {(each["in"], each["name"]): each for each in old}
    now = {(each["in"], each["name"]): each for each in new}
    for key in before.keys() - now.keys():
        yield f"the parameter {key[1]} is gone"
    for key, parameter in now.items():
        former = before.get(key)
        if parameter.get("required") and not (former and former.get("required")):
            yield f"the parameter {key[1]} is required now"
        if former:
            yield from gaps(former["schema"], parameter["schema"], f"the parameter {key[1]}", answers=False)


def _bodies(old: Json | None, new: Json | None) -> Iterator[str]:
    if new is None:
        if old is not None:
            yield "the body is not taken any more"
        return
    if new.get("required") and not (old and old.get("required")):
        yield "a body is required now"
    yield from _contents(old or {}, new, "the body", answers=False)


def _answers(old: Json, new: Json) -> Iterator[str]:
    for status, answer in old.items():
        if status not in new:
            yield f"the answer {status} is gone"
            continue
        for header in answer.get("headers", {}).keys() - new[status].get("headers", {}).keys():
            yield f"the answer {status}: the header {header} is gone"
        yield from _contents(answer, new[status], f"the answer {status}", answers=True)


def _contents(old: Json, new: Json, where: str, *, answers: bool) -> Iterator[str]:
    for media_type, content in old.get("content", {}).items():
        now = new.get("content", {}).get(media_type)
        if now is None:
            yield f"{where}: {media_type} is gone"
        elif answers:
            yield from gaps(now["schema"], content["schema"], where, answers=True)
        else:
            yield from gaps(content["schema"], now["schema"], where, answers=False)
