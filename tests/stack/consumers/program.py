"""A consumer: it knows the names of integrations, and its settings contain no key.

It reads commands from standard input and writes a response to each, one JSON object per line:

- {"library": a key of LIBRARIES, "integration": …, "model"?: …} → {"completion": …, "retried": true|false} or
  {"error": …}
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

PROMPT = "What is the answer?"
MESSAGES: Any = [{"role": "user", "content": PROMPT}]
SENT: list[dict[str, str]] = []  # URL and headers of requests to providers that do not exist


def complete_openai(resolved: ResolvedIntegration, model: str) -> str:
    from openai import OpenAI

    completion = OpenAI(**openai_arguments(resolved)).chat.completions.create(model=model, messages=MESSAGES)
    return str(completion.choices[0].message.content)


def complete_anthropic(resolved: ResolvedIntegration, model: str) -> str:
    from anthropic import Anthropic

    message = Anthropic(**anthropic_arguments(resolved)).messages.create(model=model, messages=MESSAGES, max_tokens=9)
    return "".join(block.text for block in message.content if block.type == "text")


def complete_litellm(resolved: ResolvedIntegration, model: str) -> str:
    import litellm

    completion: Any = litellm.completion(**litellm_arguments(resolved, model), messages=MESSAGES)
    return str(completion.choices[0].message.content)


def complete_azure(resolved: ResolvedIntegration, model: str) -> str:
    """Return the address and the credentials of the request to Azure, as JSON."""
    import httpx
    from openai import AzureOpenAI

    def respond(request: httpx.Request) -> httpx.Response:
        SENT.append({"url": str(request.url), **request.headers})
        return httpx.Response(200, json={"choices": [{"message": {"content": "Hello.", "role": "assistant"}}]})

    transport = httpx.Client(transport=httpx.MockTransport(respond))
    arguments = azure_openai_arguments(resolved)
    client = AzureOpenAI(api_version="2024-10-21", http_client=transport, **arguments)
    client.chat.completions.create(model=model, messages=MESSAGES)
    names = ("url", "authorization", "api-key", "x-team")
    return json.dumps({name: SENT[-1][name] for name in names if name in SENT[-1]})


def complete_bedrock(resolved: ResolvedIntegration, model: str) -> str:
    """Return the address of the request to Bedrock and the access key that signed it, as JSON."""
    import boto3
    from botocore.awsrequest import AWSRequest, AWSResponse
    from botocore.compat import HTTPHeaders
    from botocore.exceptions import ClientError
    from urllib3 import HTTPResponse

    def respond(request: AWSRequest, **_: Any) -> AWSResponse:
        SENT.append(
            {"url": str(request.url), **{name.lower(): _text(value) for name, value in request.headers.items()}}
        )
        return AWSResponse(str(request.url), 400, HTTPHeaders(), HTTPResponse(io.BytesIO(b"{}"), preload_content=False))

    client: Any = boto3.client("bedrock-runtime", **bedrock_arguments(resolved, region="eu-west-1"))
    client.meta.events.register("before-send.bedrock-runtime", respond)
    with suppress(ClientError):
        client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": PROMPT}]}])
    return json.dumps({"url": SENT[-1]["url"], "authorization": SENT[-1]["authorization"].partition("/")[0]})


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


LIBRARIES: dict[str, Callable[[ResolvedIntegration, str], str]] = {
    "openai": complete_openai,
    "anthropic": complete_anthropic,
    "litellm": complete_litellm,
    "azure": complete_azure,
    "bedrock": complete_bedrock,
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


def main() -> None:
    responses, sys.stdout = sys.stdout, sys.stderr  # libraries print to sys.stdout
    for line in sys.stdin:
        command = json.loads(line)
        response = {"concerned": handle_event(command["event"])} if "event" in command else complete(**command)
        print(json.dumps(response), file=responses, flush=True)


if __name__ == "__main__":
    main()
