"""A program of a team: it knows the names of integrations and has no key in its settings.

It reads questions from standard input, one JSON object a line, and answers each with one:

- {"library": a key of LIBRARIES, "integration": …, "model"?: …} → {"said": …} or {"failed": …}
- {"event": …}, a change event as EventBridge delivers it → {"concerned": true|false}
"""

import io
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ai_integrations_client import ResolvedIntegration, handle_event, invalidate, resolve
from ai_integrations_client.adapters import (
    anthropic_arguments,
    azure_openai_arguments,
    bedrock_arguments,
    litellm_arguments,
    openai_arguments,
)

QUESTION = "What is the answer?"
MESSAGES: Any = [{"role": "user", "content": QUESTION}]
SENT: list[dict[str, str]] = []  # the headers of requests to providers that are not really there


def ask_openai(resolved: ResolvedIntegration, model: str) -> str:
    from openai import OpenAI

    answer = OpenAI(**openai_arguments(resolved)).chat.completions.create(model=model, messages=MESSAGES)
    return str(answer.choices[0].message.content)


def ask_anthropic(resolved: ResolvedIntegration, model: str) -> str:
    from anthropic import Anthropic

    answer = Anthropic(**anthropic_arguments(resolved)).messages.create(model=model, messages=MESSAGES, max_tokens=9)
    return "".join(block.text for block in answer.content if block.type == "text")


def ask_litellm(resolved: ResolvedIntegration, model: str) -> str:
    import litellm

    answer: Any = litellm.completion(**litellm_arguments(resolved, model), messages=MESSAGES)
    return str(answer.choices[0].message.content)


def ask_azure(resolved: ResolvedIntegration, model: str) -> str:
    """Show how Azure would be asked: with which address and which authentication."""
    import httpx
    from openai import AzureOpenAI

    def answer(request: httpx.Request) -> httpx.Response:
        SENT.append({"url": str(request.url), **request.headers})
        return httpx.Response(200, json={"choices": [{"message": {"content": "seen", "role": "assistant"}}]})

    transport = httpx.Client(transport=httpx.MockTransport(answer))
    arguments = azure_openai_arguments(resolved)
    client = AzureOpenAI(api_version="2024-10-21", http_client=transport, **arguments)
    client.chat.completions.create(model=model, messages=MESSAGES)
    names = ("url", "authorization", "api-key", "x-team")
    return json.dumps({name: SENT[-1][name] for name in names if name in SENT[-1]})


def ask_bedrock(resolved: ResolvedIntegration, model: str) -> str:
    """Show how Bedrock would be asked: signed with whose credentials, and where."""
    import boto3
    from botocore.awsrequest import AWSRequest, AWSResponse
    from botocore.compat import HTTPHeaders
    from botocore.exceptions import ClientError
    from urllib3 import HTTPResponse

    def answer(request: AWSRequest, **_: Any) -> AWSResponse:
        SENT.append(
            {"url": str(request.url), **{name.lower(): _text(value) for name, value in request.headers.items()}}
        )
        return AWSResponse(str(request.url), 400, HTTPHeaders(), HTTPResponse(io.BytesIO(b"{}"), preload_content=False))

    client: Any = boto3.client("bedrock-runtime", **bedrock_arguments(resolved, region="eu-west-1"))
    client.meta.events.register("before-send.bedrock-runtime", answer)
    with suppress(ClientError):
        client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": QUESTION}]}])
    return json.dumps({"url": SENT[-1]["url"], "authorization": SENT[-1]["authorization"].partition("/")[0]})


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


LIBRARIES: dict[str, Callable[[ResolvedIntegration, str], str]] = {
    "openai": ask_openai,
    "anthropic": ask_anthropic,
    "litellm": ask_litellm,
    "azure": ask_azure,
    "bedrock": ask_bedrock,
}


def ask(library: str, integration: str, model: str = "gpt-4o") -> dict[str, Any]:
    """Ask a provider; if it refuses the key, look once whether there is another by now."""
    try:
        try:
            return {"said": LIBRARIES[library](resolve(integration), model)}
        except Exception as error:
            if getattr(error, "status_code", None) != 401:
                raise
            invalidate(integration)
            return {"said": LIBRARIES[library](resolve(integration), model), "again": True}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # where libraries may print what they like
    for line in sys.stdin:
        question = json.loads(line)
        answer = {"concerned": handle_event(question["event"])} if "event" in question else ask(**question)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
