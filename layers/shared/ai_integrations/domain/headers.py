"""The HTTP headers that an integration must not contain, because the sender of each request has to write them."""

# `*` stands for any ending. Header names are compared without regard to case.
#
# Framing: these describe the connection or the body of one message (RFC 9110, sections 6.6, 7.6.1, 8 and 10.1;
# RFC 9112, section 6). Only the HTTP client that writes the body and reads the response can know them. A stored value
# could make one request look like two, make the body unreadable, or ask for a coding that the client cannot decode.
#
# Routing: these choose the server or the resource, or state the way that a request took (RFC 9110, sections 7.2 and
# 7.6; RFC 7239). With them, a request could reach a different server from the one in `base_url`.
#
# Headers that only authenticate or inform are accepted, for example Authorization, Cookie and User-Agent.
RESERVED_HEADERS = (
    # framing
    "Accept-Encoding",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "Expect",
    "HTTP2-Settings",
    "Keep-Alive",
    "Proxy-*",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    # routing
    "Forwarded",
    "Host",
    "Max-Forwards",
    "Via",
    "X-Forwarded*",
    "X-HTTP-Method*",
    "X-Method-Override",
    "X-Original-Host",
    "X-Original-URL",
    "X-Real-IP",
    "X-Rewrite-URL",
)


def find_reserved(name: str) -> str | None:
    """Return the entry of RESERVED_HEADERS that a header name matches, or None."""
    return next((entry for entry in RESERVED_HEADERS if _matches(name.lower(), entry.lower())), None)


def _matches(name: str, entry: str) -> bool:
    return name.startswith(entry[:-1]) if entry.endswith("*") else name == entry
