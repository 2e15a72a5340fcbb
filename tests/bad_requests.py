"""Hypothesis strategies for invalid requests. The API must reject every one of them."""

import gzip
import json
import os
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ai_integrations.contracts import ids
from tests.builders import ULID

REQUESTED_CASES = int(os.environ.get("BAD_REQUESTS", "0"))
# A canary: a text that no response and no log may contain.
CANARY = "sk-fake-canary-0123456789-not-a-key"
COLLECTION = "/v2/ai-integrations"
UNKNOWN_ULID = "01KDZ3ZQ8000000000000000ZZ"
KNOWN_ID = ids.encode(ULID)
BODY = {"name": CANARY, "provider": "openAI", "api_key": CANARY, "headers": {"X-Team": CANARY}}
# The routes that accept a body.
CREATE = ("POST", "")
PATCH = ("PATCH", f"/{KNOWN_ID}")
ROTATE = ("POST", f"/{KNOWN_ID}/key-rotations")
TEST = ("POST", "/test")
JSON = {"Content-Type": "application/json"}


def hypothesis_settings(cases: int) -> settings:
    """Build the settings for this many cases. They are the same in every run unless BAD_REQUESTS is set."""
    return settings(
        max_examples=cases,
        derandomize=not REQUESTED_CASES,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
    )


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request below a collection. `path` is percent-encoded."""

    method: str
    collection: str = COLLECTION
    path: str = ""
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: dict(JSON))
    body: bytes = b""


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _to_any_of(*endpoints: tuple[str, str]) -> st.SearchStrategy[Request]:
    return st.sampled_from([Request(method=method, path=path) for method, path in endpoints])


def _with_body(bodies: st.SearchStrategy[bytes], *endpoints: tuple[str, str]) -> st.SearchStrategy[Request]:
    return st.builds(lambda request, body: replace(request, body=body), _to_any_of(*endpoints), bodies)


_BODY_ENDPOINTS = (CREATE, PATCH, ROTATE, TEST)
_VALID = _json(BODY)

_numbers = st.integers() | st.floats() | st.just(10**400) | st.just(-(10**4000))
_texts = st.text(max_size=20) | st.just(CANARY)
_values = st.recursive(
    _numbers | _texts | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_lists = st.lists(_values, max_size=3)
_maps = st.dictionaries(_texts, _values, max_size=3)
_depths = st.sampled_from([200, 1_000, 20_000, 300_000])

_not_json_objects = st.one_of(
    st.integers(0, len(_VALID) - 1).map(lambda end: _VALID[:end]),
    (_lists | _numbers | _texts | st.none()).map(_json),
    st.builds(lambda opening, depth: opening * depth, st.sampled_from([b"[", b'{"name":', b'[{"a":']), _depths),
    st.builds(lambda depth: b"[" * depth + b"]" * depth, _depths),
    st.binary(min_size=1, max_size=60).map(lambda data: b"\xff" + data),
    st.sampled_from([b"\xfe", b"\xc0\x80", b"\xed\xa0\x80"]).map(lambda prefix: prefix + _VALID),
    st.just(_VALID.decode().encode("utf-16")),
    st.just(gzip.compress(_VALID, mtime=0)),
    st.binary(max_size=5).map(lambda suffix: _VALID + b"}" + suffix),
)
_unknown_fields = st.builds(
    lambda name, value: _json({**BODY, f"x{name}": value}), st.text(max_size=40) | st.just(CANARY), _values
)

# Values of a wrong type for each field.
_WRONG_TYPES = {
    "name": _numbers | _lists | _maps | st.booleans() | st.none(),
    "provider": _numbers | _lists | _maps | st.none() | _texts,
    "api_key": _numbers | _lists | _maps | st.booleans(),
    "api_key_secret_arn": _numbers | _lists | _maps | _texts,
    "base_url": _numbers | _lists | _maps | _texts,
    "headers": _numbers | _lists | _texts,
    "provider_metadata": _numbers | _lists | _texts,
    "model_names": _numbers | _maps | _texts,
    "enable_default_models": _numbers | _lists | _maps | _texts,
    "function_calling_enabled": _numbers | _lists | _maps | _texts,
    "auth_type": _numbers | _lists | _maps | st.just(CANARY),
    "scopings": _numbers | _maps | _texts | st.lists(_numbers, min_size=1),
}
_RULE_VIOLATIONS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from(["", " ", "\x00", "a\nb", "a\u200bb", "\u3164", "\ud800", "a" * 257, CANARY * 200_000]),
    "api_key": st.sampled_from(
        [
            "",
            "****",
            "sk-****ef",
            "...abcd",
            "********",
            "\udfff",
            f"<{CANARY}>",
            f"${{{CANARY}}}",
            f'{{"key": "{CANARY}"}}',
            f"{CANARY}\n{CANARY}",
            f"{CANARY}\u200b",
        ]
    ),
    "base_url": st.sampled_from(
        [
            "http://example.com",
            "https://10.0.0.1",
            "https://0x0a.1",
            "https://[::1]/",
            "https://169.254.169.254/latest",
            "https://metadata.google.internal",
            f"https://user:{CANARY}@example.com",
            f"https://example.com/v1?key={CANARY}",
            "file:///etc/passwd",
            "https://",
        ]
    ),
    "headers": st.sampled_from(
        [
            {"": CANARY},
            {"A b": CANARY},
            {"X": f"{CANARY}\r\nY: z"},
            {"X": CANARY * 300},
            {"X": "é\u0100"},
            {"Host": CANARY},
        ]
    ),
    "provider_metadata": st.sampled_from([{"role_arn": CANARY}, {"kind": "aws"}, {"project_id": CANARY}, {CANARY: ""}]),
    "model_names": st.sampled_from([[""], [CANARY, CANARY], [CANARY, None], [f" {CANARY}"], [f"{CANARY}\u200b"]]),
    "scopings": st.sampled_from([[{"space_id": ""}], [{CANARY: CANARY}], [{"space_id": "s" * 257}], [{}] * 51]),
}


def _with_invalid_field(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[bytes]:
    """Make one field of the valid body invalid, optionally after a duplicate key with a valid value."""

    def with_invalid(name: str, value: object, has_duplicate: bool) -> bytes:
        invalid = _json({**{key: each for key, each in BODY.items() if key != name}, name: value})
        return b'{"%s": "valid", %s' % (name.encode(), invalid[1:]) if has_duplicate else invalid

    return st.sampled_from(sorted(fields)).flatmap(
        lambda name: st.builds(with_invalid, st.just(name), fields[name], st.booleans())
    )


_ids = st.one_of(
    st.text(min_size=1, max_size=80),
    st.sampled_from(
        [CANARY, "..", "%00", "%2e%2e%2f", "null", "a" * 7000, KNOWN_ID[:-1], f"{KNOWN_ID}=", KNOWN_ID.lower()]
    ),
    st.just(ids.encode(UNKNOWN_ULID)),
    st.binary(max_size=60).map(lambda data: ids.encode(data.hex())),
)
_ITEM_ENDPOINTS = (
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/restore"),
    ("POST", "/key-rotations"),
    ("GET", "/health"),
    ("GET", "/key"),
)
_unknown_paths = st.sampled_from(
    ["/../spaces", "/a/b", "/test/../..", "/%2f..%2f", f"/{KNOWN_ID}/{CANARY}", f"/{KNOWN_ID}/restore/x"]
)


def _with_unknown_id(endpoint: tuple[str, str], id_: str) -> Request:
    method, suffix = endpoint
    body = _json({"api_key": CANARY}) if method in {"PATCH", "POST"} else b""
    return Request(method=method, path=f"/{quote(id_, safe='%')}{suffix}", body=body)


_paths = st.builds(_with_unknown_id, st.sampled_from(_ITEM_ENDPOINTS), _ids) | _unknown_paths.map(
    lambda path: Request(method="GET", path=path)
)
_unsupported_methods = st.builds(
    lambda method, path: Request(method=method, path=path, body=_VALID),
    st.sampled_from(["PUT", "TRACE", "FOO", "POSTS"]),
    st.sampled_from([f"/{KNOWN_ID}", f"/{KNOWN_ID}/key-rotations", "/test"]),
)


def _invalid_days(maximum: int) -> st.SearchStrategy[str]:
    return st.integers(max_value=-1).map(str) | st.integers(min_value=maximum + 1).map(str) | _texts.map("x{}".format)


_invalid_pages: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.builds(
        dict, limit=st.integers(max_value=0).map(str) | st.integers(min_value=101).map(str) | _texts.map("x{}".format)
    ),
    st.builds(
        dict,
        cursor=_texts
        | st.builds(lambda opening, depth: opening * depth, st.sampled_from(["W1tb", "eyJh"]), st.just(5_000)),
    ),
)
_invalid_parameters: st.SearchStrategy[dict[str, str]] = st.one_of(
    _invalid_pages,
    st.builds(dict, name=st.just("") | st.text(min_size=256, max_size=300)),
    st.builds(dict, space_id=st.just("") | st.text(min_size=257, max_size=300)),
    st.builds(dict, space_name=st.just("") | st.just(CANARY * 10)),
)
_invalid_parameters_of_keys: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.builds(dict, older_than_days=_invalid_days(3_650)),
    st.builds(dict, unused_for_days=_invalid_days(400)),
    st.builds(dict, provider=_texts),
)
_queries = st.one_of(
    _invalid_parameters.map(lambda query: Request(method="GET", query=query, headers={})),
    _invalid_parameters_of_keys.map(
        lambda query: Request(method="GET", collection="/v2/keys", query=query, headers={})
    ),
    _invalid_pages.map(
        lambda query: Request(method="GET", collection="/v2/deleted-ai-integrations", query=query, headers={})
    ),
)

_media_types = st.sampled_from(
    ["", "text/plain", "application/jsonx", "application/json-patch+json", "multipart/form-data; boundary=x", CANARY]
)
_wrong_media_types = st.builds(
    lambda request, media: replace(request, headers={"Content-Type": media} if media else {}, body=_VALID),
    _to_any_of(*_BODY_ENDPOINTS),
    _media_types,
)
_visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=40)
_failed_preconditions = st.builds(
    lambda method, tag: Request(
        method=method, path=f"/{KNOWN_ID}", headers={**JSON, "If-Match": tag}, body=_json({"api_key": CANARY})
    ),
    st.sampled_from(["PATCH", "DELETE"]),
    (_visible | st.sampled_from([f'W/"{ULID}.1"', f"{ULID}.1", f'"{ULID}.2"', f'"{CANARY}"', '""', ","])).filter(
        lambda tag: tag != "*"
    ),
)
_invalid_idempotency_keys = st.builds(
    lambda key: Request(method="POST", headers={**JSON, "Idempotency-Key": key}, body=_VALID),
    st.sampled_from(["", "a b", "é", f"{CANARY} {CANARY}", "k" * 256, "\t"]),
)

requests: st.SearchStrategy[Request] = st.one_of(
    _with_body(_not_json_objects, *_BODY_ENDPOINTS),
    _with_body(_unknown_fields, *_BODY_ENDPOINTS),
    _with_body(_with_invalid_field(_WRONG_TYPES), CREATE, PATCH, TEST),
    _with_body(_with_invalid_field(_RULE_VIOLATIONS), CREATE, PATCH, TEST),
    _with_body(st.just(b"{}"), PATCH, ROTATE),
    _paths,
    _unsupported_methods,
    _queries,
    _wrong_media_types,
    _failed_preconditions,
    _invalid_idempotency_keys,
)

invalid_authorizations = st.sampled_from(
    ["", "Bearer", "Bearer ", f"Bearer {CANARY}", f"Basic {CANARY}", CANARY, f"Bearer aik_{'A' * 43}", "Bearer \u00e9"]
)
