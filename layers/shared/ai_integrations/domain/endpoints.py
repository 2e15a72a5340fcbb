"""The meaning of a base_url: where the APIs of an integration's provider start (contract.md, "Base URLs")."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ai_integrations.domain.providers import PROVIDERS, Address
from ai_integrations.domain.url_policy import DEFAULT_PORTS, canonical_host

_LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*"
# What may stand for a placeholder other than a label of a host name.
_PLACEHOLDERS = {"project_id": "[a-z0-9]+(?:[.:-][a-z0-9]+)*", "region": "[a-z]+(?:-[a-z]+)+-[0-9]"}
_METHOD = "(/chat)?/(completions|responses|messages|embeddings)$|/model/[^/]+/(converse|invoke)[^/]*$"
_OTHER_VERSION = r"(?i)/v[0-9]\w*(/openai)?$"


class Endpoints(NamedTuple):
    """Absolute URLs without a trailing slash.

    `root` has no version suffix. `api` is where the provider's own API starts, `openai` where its OpenAI-compatible API
    starts.
    """

    root: str
    api: str
    openai: str | None


class _Reading(NamedTuple):
    """A URL, split into root and version suffix. `excess` is the path of a method, deployment or project behind it."""

    root: str
    ending: str
    excess: str


def endpoints_of(provider: str, base_url: str | None, metadata: Mapping[str, str] | None) -> Endpoints | None:
    """Derive an integration's endpoints; None if neither the integration nor its provider has an address.

    A stored base_url may be older than the rules of `find_flaw`. Its query and its excess path are ignored.
    """
    address, values = PROVIDERS[provider].address, metadata or {}
    if base_url is None:
        default = _default_root(address, values)
        return None if default is None else _build(address, default, address.apis[0], values)
    try:
        root, ending, _ = _read(address, base_url, values)
    except ValueError:
        return None
    return _build(address, root, ending, values)


def find_flaw(provider: str, base_url: str, metadata: Mapping[str, str] | None) -> str | None:
    """Find out why a URL that `url_policy.check_url` allows has no single meaning; None if it has one.

    The text completes "The URL …" and repeats no part of the URL.
    """
    address = PROVIDERS[provider].address
    try:
        root, ending, excess = _read(address, base_url, metadata or {})
    except ValueError:  # only for a stored URL that is older than `check_url`
        return "must contain a valid host"
    # Some servers decode a path before they split it, or ignore the parameters of a segment.
    segments = unquote(urlsplit(base_url).path.rstrip("/")).split("/")[1:]
    is_on_own_host = any(re.match(f"{_pattern(_origin(own))}(/|$)", root) for own in address.roots)
    has_other_version = re.search(_OTHER_VERSION, urlsplit(root).path) is not None
    flaws = (
        ("?" in base_url, "must not contain a query"),
        (bool(excess), "must not contain the path of a method, deployment or project"),
        (any(each.partition(";")[0] in {"", ".", ".."} for each in segments), "must not contain empty or dot segments"),
        (bool(re.match(address.other_apis, root)), "is the address of a different API"),
        (is_on_own_host and not _match_own(address, root), "has a path that the provider's own host does not have"),
        (
            has_other_version and (bool(ending) or not address.verbatim),
            "has a version that is not the provider's",
        ),
    )
    return next((text for is_found, text in flaws if is_found), None)


def accepted_forms(provider: str) -> str:
    """Describe in one sentence how a base_url of the provider is written."""
    address = PROVIDERS[provider].address
    roots = [*address.roots[:1], "the address of your own server"]
    endings = dict.fromkeys((*address.apis, address.openai, *address.endings))
    return f"Use {' or '.join(roots)}, alone or followed by {' or '.join(filter(None, endings))}."


def own_region(provider: str, root: str) -> str | None:
    """Find the region in a root that is the provider's own; None for every other host."""
    match = _match_own(PROVIDERS[provider].address, root)
    return match["region"] if match else None


def is_own_root(provider: str, root: str) -> bool:
    """Check whether a root is an address that all customers of the provider share, unlike a resource of one of them."""
    match = _match_own(PROVIDERS[provider].address, root)
    return match is not None and "resource" not in match.groupdict()


def _default_root(address: Address, metadata: Mapping[str, str]) -> str | None:
    template = address.root_by_location.get(metadata.get("location", ""), *address.roots[:1])
    return _fill(template, metadata) if template else None


def _read(address: Address, base_url: str, metadata: Mapping[str, str]) -> _Reading:
    parts = urlsplit(base_url)
    host = canonical_host(parts)
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    path = parts.path.rstrip("/")
    endings = [_fill(each, metadata) or "" for each in (*address.apis, address.openai, *address.endings)]
    ending = _longest_suffix(path, endings)
    base = path if ending else re.sub(rf"(/v[0-9]\w*|/openai)/({address.objects})(/.*)?$|{_METHOD}", r"\1", path)
    ending = _longest_suffix(base, endings)
    root = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{base.removesuffix(ending)}"
    return _Reading(root.rstrip("/"), ending, path.removeprefix(base))


def _build(address: Address, root: str, ending: str, metadata: Mapping[str, str]) -> Endpoints:
    if address.verbatim and not ending and not _match_own(address, root):
        return Endpoints(root, api=root, openai=root)
    api = ending if ending in address.apis else address.apis[0]
    openai = _fill(address.openai, metadata)
    return Endpoints(root, api=f"{root}{api}", openai=None if openai is None else f"{root}{openai}")


def _longest_suffix(path: str, suffixes: list[str]) -> str:
    return max(filter(path.endswith, suffixes), key=len, default="")


def _match_own(address: Address, root: str) -> re.Match[str] | None:
    return next(filter(None, (re.fullmatch(_pattern(own), root) for own in address.roots)), None)


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _pattern(template: str) -> str:
    """Turn a template into a regular expression with one group for each placeholder."""
    text_and_names = enumerate(re.split(r"\{(\w+)\}", template))
    return "".join(
        f"(?P<{part}>{_PLACEHOLDERS.get(part, _LABEL)})" if index % 2 else re.escape(part)
        for index, part in text_and_names
    )


def _fill(template: str, metadata: Mapping[str, str]) -> str | None:
    """Fill a template from an integration's metadata; None if a value is missing or could change the URL's parts."""
    valid = {name: value for name, value in metadata.items() if re.fullmatch(_PLACEHOLDERS.get(name, _LABEL), value)}
    try:
        return template.format_map(valid)
    except KeyError:
        return None
