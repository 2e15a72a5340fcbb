"""botocore, cut down to the services in use; `tests/handlers/test_aws_clients.py` holds it to what it does uncut.

What it would else do in every cold start is told in performance.md, "What is kept".
"""

import gzip
import json
from contextlib import suppress
from functools import cache
from ssl import SSLContext
from typing import Any, cast

from botocore.handlers import BUILTIN_HANDLERS
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session
from botocore.utils import EVENT_ALIASES

from ai_integrations import ON_DEMAND_INIT

SERVICES = ["bedrock-runtime", "dynamodb", "events", "kms", "lambda", "secretsmanager", "sqs", "sts"]
# The same in the names of botocore's events, where some have another.
_IN_EVENTS = {*SERVICES, "eventbridge", "secrets-manager"}


@cache
def tls() -> SSLContext:
    """Return the context of all connections, which reads a bundle of certificates once.

    urllib3 has it read for each (https://github.com/urllib3/urllib3/issues/3623): 210 million instructions, many times
    all else that a request takes.
    """
    context: Any = create_urllib3_context()
    context.load_verify_locations = cache(context.load_verify_locations)
    return cast("SSLContext", context)


# botocore can not be given one (https://github.com/boto/botocore/issues/3171): one that stopped asking here would be as
# slow as it is for others, and as right.
URLLib3Session._get_ssl_context = lambda _session: tls()  # type: ignore[attr-defined]  # noqa: SLF001


@cache
def session() -> Session:
    """Return the session that all clients are made of."""
    hooks = HierarchicalEmitter()
    made = Session(event_hooks=hooks, include_builtin_handlers=False)
    made.register_component("data_loader", _ServicesInUse(file_loader=_Files()))
    # Every name of an event is looked for among the former names of services: 65, but for this.
    events = EventAliaser(hooks, {former: name for former, name in EVENT_ALIASES.items() if name in _IN_EVENTS})
    made.register_component("event_emitter", events)
    for event, handler, *_ in BUILTIN_HANDLERS:
        if _is_of_use(event):
            events.register(event, handler)
    if not ON_DEMAND_INIT:
        tls().load_verify_locations(made.get_config_variable("ca_bundle") or get_cert_path(verify=True), None, None)
    return made


class _Files(JSONFileLoader):
    """Reads descriptions into plain dictionaries, for which the parser needs little more than half as long."""

    def load_file(self, file_path: str) -> Any:  # noqa: ANN401 - whatever a file of JSON holds
        """Return what a file holds, or None if there is none; its name comes without an extension."""
        for path, opened in ((f"{file_path}.json", open), (f"{file_path}.json.gz", gzip.open)):
            with suppress(FileNotFoundError), opened(path, "rb") as file:
                return json.load(file)
        return None


class _ServicesInUse(Loader):
    """Finds the descriptions of the services in use, without a look through the folders of all the others."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - they have every type
        """Return the services that there are clients of; any other is UnknownServiceError."""
        return SERVICES

    def load_data_with_path(self, name: str) -> Any:  # noqa: ANN401 - whatever a file of JSON holds
        """Load a file, but for a megabyte of endpoints that is of no use since services bring rules for theirs."""
        if name == "endpoints":
            # With another path than botocore's own it would count as somebody's wish to set those rules aside.
            return {"version": 3, "partitions": []}, self.BUILTIN_DATA_PATH
        return super().load_data_with_path(name)


def _is_of_use(event: str) -> bool:
    """Tell whether an event, such as before-call.s3.GetObject, is one of all services or of one that is in use."""
    kind, *of = event.split(".")
    return kind != "docs" and (not of or of[0] in _IN_EVENTS)
