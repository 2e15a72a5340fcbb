"""Find changes of the OpenAPI document that break existing clients.

A request that was valid must stay valid: each old request schema must be contained in the new one. A response must
stay readable: each new response schema must be contained in the old one, because clients reject unknown fields. Two
exceptions, because older releases never receive them: a response enum may gain values such as a new provider, and a
response may gain fields marked `x-release-dependent`. Another one: results of connection tests may gain fields, because
the official clients do not request them. Nor do they send a parameter whose response is marked `x-on-request`.

The existing tool for this comparison, oasdiff, is a Go binary and not on PyPI. `make lint` must need only CPython and
make.
"""

from collections.abc import Iterator
from typing import Any

from tools.apidoc.schema_containment import violations

Json = dict[str, Any]

_EXTENSIBLE_TAGS = frozenset({"Connection tests"})


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Describe each breaking change from `old` to `new` in one line."""
    return list(_compare_documents(_inline_references(old, old), _inline_references(new, new)))


def _inline_references(node: Any, document: Json) -> Any:  # noqa: ANN401 - any JSON
    """Replace each `$ref` by its target. No schema of these documents is recursive."""
    if isinstance(node, list):
        return [_inline_references(each, document) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _inline_references(target, document)
    return {name: _inline_references(each, document) for name, each in node.items()}


def _compare_documents(old: Json, new: Json) -> Iterator[str]:
    for path, methods in old["paths"].items():
        for method, old_operation in methods.items():
            where = f"{method.upper()} {path}"
            new_operation = new["paths"].get(path, {}).get(method)
            if new_operation is None:
                yield f"{where}: the operation was removed"
            else:
                yield from (f"{where}: {change}" for change in _compare_operations(old_operation, new_operation))


def _compare_operations(old: Json, new: Json) -> Iterator[str]:
    if old.get("security") == [] and new.get("security") != []:
        yield "an access key is now required"
    yield from _compare_parameters(old.get("parameters", []), new.get("parameters", []))
    yield from _compare_request_bodies(old.get("requestBody"), new.get("requestBody"))
    is_extensible = not _EXTENSIBLE_TAGS.isdisjoint(old.get("tags", ()))
    yield from _compare_responses(_open(old["responses"]) if is_extensible else old["responses"], new["responses"])


def _open(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Allow more fields in all schemas."""
    if isinstance(node, list):
        return [_open(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {name: _open(each) for name, each in node.items() if (name, each) != ("additionalProperties", False)}


def _compare_parameters(old: list[Json], new: list[Json]) -> Iterator[str]:
    old_by_key = {(each["in"], each["name"]): each for each in old}
    new_by_key = {(each["in"], each["name"]): each for each in new}
    for _, name in old_by_key.keys() - new_by_key.keys():
        yield f"parameter {name} was removed"
    for key, parameter in new_by_key.items():
        where = f"parameter {key[1]}"
        former = old_by_key.get(key)
        if parameter.get("required") and not (former and former.get("required")):
            yield f"{where} is now required"
        if former:
            yield from violations(former["schema"], parameter["schema"], where, is_response=False)


def _compare_request_bodies(old: Json | None, new: Json | None) -> Iterator[str]:
    if new is None:
        if old is not None:
            yield "the request body was removed"
        return
    if new.get("required") and not (old and old.get("required")):
        yield "a request body is now required"
    yield from _compare_contents(old or {}, new, "request body", is_response=False)


def _compare_responses(old: Json, new: Json) -> Iterator[str]:
    for status, response in old.items():
        where = f"response {status}"
        if status not in new:
            yield f"{where} was removed"
            continue
        for header in response.get("headers", {}).keys() - new[status].get("headers", {}).keys():
            yield f"{where}: the header {header} was removed"
        yield from _compare_contents(response, new[status], where, is_response=True)


def _compare_contents(old: Json, new: Json, where: str, *, is_response: bool) -> Iterator[str]:
    for media_type, content in old.get("content", {}).items():
        new_content = new.get("content", {}).get(media_type)
        if new_content is None:
            yield f"{where}: {media_type} was removed"
        elif is_response:
            yield from violations(new_content["schema"], content["schema"], where, is_response=True)
        else:
            yield from violations(content["schema"], new_content["schema"], where, is_response=False)
