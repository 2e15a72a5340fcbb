"""The botocore session that creates all AWS clients.

botocore comes from the dependencies layer, pinned and pruned by `layers/dependencies/prune_botocore.py`. Lambda's
runtime includes an SDK too, but the layer's folder /opt/python precedes it on the search path ("Dependency search path
and runtime-included libraries" in https://docs.aws.amazon.com/lambda/latest/dg/python-package.html).
"""

from functools import cache
from ssl import SSLContext
from typing import Any, cast

from botocore.handlers import BUILTIN_HANDLERS
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from botocore.session import Session
from botocore.utils import EVENT_ALIASES

from ai_integrations import ON_DEMAND_INIT
from ai_integrations.bootstrap.aws_calls import aws_calls


@cache
def tls() -> SSLContext:
    """Create the TLS context that all connections share. It reads the CA bundle once.

    Otherwise urllib3 reads the bundle for each connection (https://github.com/urllib3/urllib3/issues/3623). That takes
    210 million instructions, many times what the rest of a request takes.
    """
    context: Any = create_urllib3_context()
    context.load_verify_locations = cache(context.load_verify_locations)
    return cast("SSLContext", context)


# botocore offers no way to inject an SSLContext (https://github.com/boto/botocore/issues/3171). If a later version
# stops calling this method, requests remain correct and lose only the speed-up.
URLLib3Session._get_ssl_context = lambda _session: tls()  # type: ignore[attr-defined]  # noqa: SLF001


@cache
def session() -> Session:
    """Create the session, without what belongs to services that the layer does not include.

    botocore registers 127 event handlers in each new session: 4 % of a cold start. All but 13 belong to other services,
    or to the generator of botocore's documentation. It also compares each event's name with the aliases of 65 services:
    19 million instructions until the first response.
    """
    hooks = HierarchicalEmitter()
    made = Session(event_hooks=hooks, include_builtin_handlers=False)
    services = made.get_available_services()
    emitter = EventAliaser(hooks, {alias: name for alias, name in EVENT_ALIASES.items() if alias in services})
    made.register_component("event_emitter", emitter)
    for event, handler, *_ in BUILTIN_HANDLERS:
        _, *scope = event.split(".")  # an event is named like "before-call" or "before-call.s3.GetObject"
        if not scope or scope[0] in services:
            emitter.register(event, handler)
    aws_calls.observe(emitter)
    if not ON_DEMAND_INIT:
        tls().load_verify_locations(made.get_config_variable("ca_bundle") or get_cert_path(verify=True), None, None)
    return made
