"""A consumer: it knows the names of integrations, and its settings contain no key.

It reads commands from standard input and writes a response to each, one JSON object per line:

- {"library": a key of LIBRARIES, "integration": …, "model"?: …} → {"completion": …, "retried": true|false} or
  {"error": …}
- {"library": …, "resolution": a response of the service, "model"?: …, "unset"?: [variable, …]} → the same, or
  {"refused": the message of UnsuitableError}
- {"event": …}, a change event as EventBridge delivers it → {"concerned": true|false}
- {"variables": true} → {"variables": [names of the environment variables that were read]}

A response also has `hosts`: the names that were looked up. No look-up of a name succeeds.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

VARIABLES: set[object] = set()
HOSTS: list[str] = []


class RecordingEnvironment(type(os.environ)):  # type: ignore[misc] # mypy wants a name
    """Records which variables are read, except those whose default is a number."""

    def __getitem__(self, name: str) -> str:
        VARIABLES.add(name)
        return super().__getitem__(name)  # type: ignore[no-any-return]

    def __contains__(self, name: object) -> bool:
        VARIABLES.add(name)
        return bool(super().__contains__(name))

    def get(self, name: str, default: Any = None) -> Any:
        if not str(default).replace(".", "", 1).isdecimal():
            VARIABLES.add(name)
        try:
            return super().__getitem__(name)
        except KeyError:
            return default


os.environ.__class__ = RecordingEnvironment

from ai_integrations_client import (  # noqa: E402 - after the environment is recorded
    ResolvedIntegration,
    UnsuitableError,
    handle_event,
    invalidate,
    resolve,
)
from ai_integrations_client.adapters import (  # noqa: E402
    anthropic_arguments,
    azure_openai_arguments,
    bedrock_arguments,
    litellm_arguments,
    openai_arguments,
)
from ai_integrations_client.resolved import parse_response  # noqa: E402

PROMPT = "What is the answer?"
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
REGION = "eu-west-1"
AZURE_API_VERSION = "2024-10-21"


def complete_openai(resolved: ResolvedIntegration, model: str) -> str:
    from openai import OpenAI

    completion = OpenAI(**openai_arguments(resolved)).chat.completions.create(model=model, messages=MESSAGES)
    return str(completion.choices[0].message.content)


def complete_openai_async(resolved: ResolvedIntegration, model: str) -> str:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(**openai_arguments(resolved))
    completion = asyncio.run(client.chat.completions.create(model=model, messages=MESSAGES))
    return str(completion.choices[0].message.content)


def administer_openai(resolved: ResolvedIntegration, _model: str) -> str:
    """Call the administration API, which older releases do not have, and which needs a key of its own."""
    from openai import OpenAI

    client = OpenAI(**openai_arguments(resolved))
    if hasattr(client, "admin") and "OPENAI_ADMIN_KEY" in os.environ:
        client.admin.organization.projects.retrieve("project-1")
    return "Hello."


def complete_azure(resolved: ResolvedIntegration, model: str) -> str:
    from openai import AzureOpenAI

    client = AzureOpenAI(api_version=AZURE_API_VERSION, **azure_openai_arguments(resolved))
    completion = client.chat.completions.create(model=model, messages=MESSAGES)
    return str(completion.choices[0].message.content)


def complete_azure_async(resolved: ResolvedIntegration, model: str) -> str:
    from openai import AsyncAzureOpenAI

    client = AsyncAzureOpenAI(api_version=AZURE_API_VERSION, **azure_openai_arguments(resolved))
    completion = asyncio.run(client.chat.completions.create(model=model, messages=MESSAGES))
    return str(completion.choices[0].message.content)


def complete_anthropic(resolved: ResolvedIntegration, model: str) -> str:
    from anthropic import Anthropic

    message = Anthropic(**anthropic_arguments(resolved)).messages.create(model=model, messages=MESSAGES, max_tokens=9)
    return "".join(block.text for block in message.content if block.type == "text")


def complete_anthropic_async(resolved: ResolvedIntegration, model: str) -> str:
    from anthropic import AsyncAnthropic

    client = AsyncAnthropic(**anthropic_arguments(resolved))
    message = asyncio.run(client.messages.create(model=model, messages=MESSAGES, max_tokens=9))
    return "".join(block.text for block in message.content if block.type == "text")


def complete_litellm(resolved: ResolvedIntegration, model: str) -> str:
    import litellm

    completion: Any = litellm.completion(**litellm_arguments(resolved, model), messages=MESSAGES)
    return str(completion.choices[0].message.content)


def complete_litellm_async(resolved: ResolvedIntegration, model: str) -> str:
    import litellm

    completion: Any = asyncio.run(litellm.acompletion(**litellm_arguments(resolved, model), messages=MESSAGES))
    return str(completion.choices[0].message.content)


def complete_bedrock(resolved: ResolvedIntegration, model: str) -> str:
    import boto3

    return _converse(boto3.client("bedrock-runtime", **bedrock_arguments(resolved, region=REGION)), model)


def complete_bedrock_session(resolved: ResolvedIntegration, model: str) -> str:
    from ai_integrations_client.bedrock import bedrock_session

    return _converse(bedrock_session(lambda: resolved, region=REGION).client("bedrock-runtime"), model)


def _converse(client: Any, model: str) -> str:
    response = client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": PROMPT}]}])
    return str(response["output"]["message"]["content"][0]["text"])


LIBRARIES: dict[str, Callable[[ResolvedIntegration, str], str]] = {
    "openai": complete_openai,
    "openai async": complete_openai_async,
    "openai admin": administer_openai,
    "azure": complete_azure,
    "azure async": complete_azure_async,
    "anthropic": complete_anthropic,
    "anthropic async": complete_anthropic_async,
    "litellm": complete_litellm,
    "litellm async": complete_litellm_async,
    "bedrock": complete_bedrock,
    "bedrock session": complete_bedrock_session,
}


def complete(library: str, integration: str, model: str = "gpt-4o") -> dict[str, Any]:
    """Request a completion. If the provider rejects the key, resolve the integration again and retry once."""
    try:
        try:
            return {"completion": LIBRARIES[library](resolve(integration), model), "retried": False}
        except Exception as error:
            if getattr(error, "status_code", None) != 401:
                raise
            invalidate(integration)
            return {"completion": LIBRARIES[library](resolve(integration), model), "retried": True}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def complete_resolved(
    library: str, resolution: dict[str, Any], model: str = "gpt-4o", unset: list[str] | None = None
) -> dict[str, Any]:
    """Request a completion for a resolution, in an environment without the variables in `unset`."""
    try:
        with without_variables(unset or []):
            return {"completion": LIBRARIES[library](parse_response(resolution), model)}
    except UnsuitableError as error:
        return {"refused": str(error)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


@contextmanager
def without_variables(names: list[str]) -> Iterator[None]:
    removed = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(removed)


def respond(command: dict[str, Any]) -> dict[str, Any]:
    if "event" in command:
        return {"concerned": handle_event(command["event"])}
    if "variables" in command:
        return {"variables": sorted(name for name in VARIABLES if isinstance(name, str))}
    return complete_resolved(**command) if "resolution" in command else complete(**command)


def record_look_ups() -> None:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if host in {"127.0.0.1", "localhost", None}:
            return look_up(host, *arguments, **options)
        HOSTS.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, "no look-up in tests")

    socket.getaddrinfo = getaddrinfo


def main() -> None:
    responses, sys.stdout = sys.stdout, sys.stderr  # libraries print to sys.stdout
    record_look_ups()
    for line in sys.stdin:
        HOSTS.clear()
        response = respond(json.loads(line))
        print(json.dumps({**response, "hosts": HOSTS}), file=responses, flush=True)


if __name__ == "__main__":
    main()
