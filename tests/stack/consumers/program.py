"""A consumer: it knows the names of integrations, and its settings contain no key.

It reads commands from standard input and writes a response to each, one JSON object per line:

- {"library": a key of LIBRARIES, "integration": …, "model"?: …} → {"completion": …, "retried": true|false} or
  {"error": …}
- {"library": …, "resolution": a response of the service, "model"?: …, "unset"?: [variable, …], "renewed"?: a later
  response} → the same, or {"refused": the message of UnsuitableError}
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
from functools import partial
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
    google_genai_arguments,
    litellm_arguments,
    openai_arguments,
)
from ai_integrations_client.adapters.renewal import Resolve, current  # noqa: E402
from ai_integrations_client.resolved import parse_response  # noqa: E402

Source = ResolvedIntegration | Resolve
Complete = Callable[[str], str]

PROMPT = "What is the answer?"
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
REGION = "eu-west-1"
AZURE_API_VERSION = "2024-10-21"


def openai_client(source: Source) -> Complete:
    from openai import OpenAI

    client = OpenAI(**openai_arguments(source))
    return lambda model: _text_of(client.chat.completions.create(model=model, messages=MESSAGES))


def async_openai_client(source: Source) -> Complete:
    from openai import AsyncOpenAI

    client, run = AsyncOpenAI(**openai_arguments(source, asynchronous=callable(source))), asyncio.Runner().run
    return lambda model: _text_of(run(client.chat.completions.create(model=model, messages=MESSAGES)))


def openai_administrator(source: Source) -> Complete:
    """Call the administration API, which older releases do not have, and which needs a key of its own."""
    from openai import OpenAI

    client = OpenAI(**openai_arguments(source))

    def administer(_model: str) -> str:
        if hasattr(client, "admin") and "OPENAI_ADMIN_KEY" in os.environ:
            client.admin.organization.projects.retrieve("project-1")
        return "Hello."

    return administer


def azure_client(source: Source) -> Complete:
    from openai import AzureOpenAI

    client = AzureOpenAI(api_version=AZURE_API_VERSION, **azure_openai_arguments(source))
    return lambda model: _text_of(client.chat.completions.create(model=model, messages=MESSAGES))


def async_azure_client(source: Source) -> Complete:
    from openai import AsyncAzureOpenAI

    arguments = azure_openai_arguments(source, asynchronous=callable(source))
    client, run = AsyncAzureOpenAI(api_version=AZURE_API_VERSION, **arguments), asyncio.Runner().run
    return lambda model: _text_of(run(client.chat.completions.create(model=model, messages=MESSAGES)))


def anthropic_client(source: Source) -> Complete:
    from anthropic import Anthropic

    client = Anthropic(**anthropic_arguments(source))
    return lambda model: _text_in(client.messages.create(model=model, messages=MESSAGES, max_tokens=9))


def anthropic_beta_client(source: Source) -> Complete:
    """Use a beta feature, for which the library sends a header that the token's header must not replace."""
    from anthropic import Anthropic

    client: Any = Anthropic(**anthropic_arguments(source))
    betas = ["files-api-2025-04-14"]
    return lambda model: _text_in(
        client.beta.messages.create(model=model, messages=MESSAGES, max_tokens=9, betas=betas)
    )


def async_anthropic_client(source: Source) -> Complete:
    from anthropic import AsyncAnthropic

    client, run = AsyncAnthropic(**anthropic_arguments(source)), asyncio.Runner().run
    return lambda model: _text_in(run(client.messages.create(model=model, messages=MESSAGES, max_tokens=9)))


def google_client(source: Source) -> Complete:
    from google.genai import Client

    client = Client(**google_genai_arguments(source))
    return lambda model: str(client.models.generate_content(model=model, contents=PROMPT).text)


def async_google_client(source: Source) -> Complete:
    from google.genai import Client

    client, run = Client(**google_genai_arguments(source)), asyncio.Runner().run
    return lambda model: str(run(client.aio.models.generate_content(model=model, contents=PROMPT)).text)


def litellm_functions(source: Source) -> Complete:
    import litellm

    def complete(model: str) -> str:
        return _text_of(litellm.completion(**litellm_arguments(current(source), model), messages=MESSAGES))

    return complete


def async_litellm_functions(source: Source) -> Complete:
    import litellm

    def complete(model: str) -> str:
        arguments = litellm_arguments(current(source), model)
        return _text_of(asyncio.run(litellm.acompletion(**arguments, messages=MESSAGES)))

    return complete


def bedrock_client(source: Source) -> Complete:
    import boto3

    client = boto3.client("bedrock-runtime", **bedrock_arguments(current(source), region=REGION))
    return partial(_converse, client)


def bedrock_session_client(source: Source) -> Complete:
    from ai_integrations_client.bedrock import bedrock_session

    client = bedrock_session(lambda: current(source), region=REGION).client("bedrock-runtime")
    return partial(_converse, client)


def _text_of(completion: Any) -> str:
    return str(completion.choices[0].message.content)


def _text_in(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def _converse(client: Any, model: str) -> str:
    response = client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": PROMPT}]}])
    return str(response["output"]["message"]["content"][0]["text"])


# Each creates a client, and returns a function that requests a completion.
LIBRARIES: dict[str, Callable[[Source], Complete]] = {
    "openai": openai_client,
    "openai async": async_openai_client,
    "openai admin": openai_administrator,
    "azure": azure_client,
    "azure async": async_azure_client,
    "anthropic": anthropic_client,
    "anthropic beta": anthropic_beta_client,
    "anthropic async": async_anthropic_client,
    "google-genai": google_client,
    "google-genai async": async_google_client,
    "litellm": litellm_functions,
    "litellm async": async_litellm_functions,
    "bedrock": bedrock_client,
    "bedrock session": bedrock_session_client,
}


def complete(library: str, integration: str, model: str = "gpt-4o") -> dict[str, Any]:
    """Request a completion. If the provider rejects the key, resolve the integration again and retry once."""
    try:
        try:
            return {"completion": LIBRARIES[library](resolve(integration))(model), "retried": False}
        except Exception as error:
            if getattr(error, "status_code", None) != 401:
                raise
            invalidate(integration)
            return {"completion": LIBRARIES[library](resolve(integration))(model), "retried": True}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def complete_resolved(
    library: str,
    resolution: dict[str, Any],
    model: str = "gpt-4o",
    unset: list[str] | None = None,
    renewed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Request a completion for a resolution, in an environment without the variables in `unset`.

    With `renewed`, one client requests two completions, between which the resolution changes.
    """
    resolutions = [parse_response(resolution)]
    try:
        with without_variables(unset or []):
            complete = LIBRARIES[library]((lambda: resolutions[-1]) if renewed else resolutions[0])
            text = complete(model)
            if renewed:
                resolutions.append(parse_response(renewed))
                text = complete(model)
            return {"completion": text}
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
