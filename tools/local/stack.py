"""The story of `make local`, `make access-key` and `make local-reset`."""

import json
import shlex
from http import HTTPStatus
from pathlib import Path
from typing import Any

from botocore.exceptions import EndpointConnectionError

from tools.local import connection, emulator, gateway, layers, packages
from tools.local.connection import Connection
from tools.local.deployment import Deployment
from tools.local.emulator import Emulator
from tools.local.errors import LocalStackError
from tools.local.template import Template, functions, load
from tools.local.workspace import ROOT, Workspace

# The example of the API's founding description, which `events/` holds for every other use too.
FOUNDING_EXAMPLE = json.loads((ROOT / "events" / "create_openai.json").read_text())["body"]
ANOTHER_EXAMPLE = (
    '{"name":"Staging Anthropic","provider":"anthropic","api_key":"sk-ant-abc123","enable_default_models":true}'
)
FIRST_HOLDER = {"account": "local", "user": "local-admin", "role": "admin"}


def up(workspace: Workspace, port: int) -> None:
    """Serve until interrupted; each step is said before it begins."""
    with workspace.held() as lock:
        emulator.check_port(port)
        workspace.prepare()
        template = load(ROOT / "template.yaml")
        print("Building the layers …")
        code = _package_functions(template, workspace, port)
        print(f"Starting the AWS emulator on {emulator.HOST}:{port} …")
        with emulator.running(workspace, port, lock) as running:
            print("Deploying template.yaml …")
            deployment = Deployment(endpoint=running.endpoint)
            deployment.bring_up(template, code)
            _serve(workspace, running, deployment)


def access_key(workspace: Workspace, holder: dict[str, Any]) -> str:
    """Issue one more key on the running stack; `holder` is what the function takes, less the action."""
    endpoint = connection.read(workspace.connection)["AWS_ENDPOINT_URL"]
    try:
        return _issue(Deployment(endpoint=endpoint), holder)
    except EndpointConnectionError as error:
        raise LocalStackError(connection.NOT_RUNNING) from error


def reset(workspace: Workspace) -> None:
    """Empty the data of a stack that is not running."""
    with workspace.held():
        workspace.empty()
        print(f"The local data in {workspace.folder} are gone.")


def _package_functions(template: Template, workspace: Workspace, port: int) -> dict[str, bytes]:
    built = layers.build(template, workspace)
    runtime = layers.link_runtime(workspace)
    code = {}
    for logical_id, function in functions(template).items():
        folder = ROOT / function["CodeUri"]
        script = packages.bootstrap(
            function=folder.name,
            runtime=function["Runtime"],
            search_path=[*layers.search_path(function, built), runtime],
            log=workspace.logs / f"{folder.name}.log",
            emulator_settings=emulator.settings(workspace, port),
        )
        code[logical_id] = packages.package(folder, script)
    return code


def _serve(workspace: Workspace, running: Emulator, deployment: Deployment) -> None:
    url = deployment.url()
    print("Issuing an access key …")
    key = _issue(deployment, FIRST_HOLDER)
    print("Creating the example of the API's description …")
    print(_create_founding_example(url, key))
    _check_that_keys_are_needed(url)
    reached = Connection(
        url=url,
        endpoint=running.endpoint,
        api_key=key,
        account=FIRST_HOLDER["account"],
        function=deployment.output("CredentialsFunctionName"),
    )
    with connection.published(reached, workspace.connection):
        print(_what_to_try(workspace.connection, url))
        running.serve()


def _issue(deployment: Deployment, holder: dict[str, Any]) -> str:
    answer = deployment.invoke("AccessKeysFunctionName", {"action": "issue", **holder})
    if "problem" in answer:
        faults = [f"{fault['pointer']}: {fault['detail']}" for fault in answer["problem"].get("errors", [])]
        raise LocalStackError("\n  ".join([f"No key was issued. {answer['problem']['detail']}", *faults]))
    return str(answer["access_key"])


def _create_founding_example(url: str, key: str) -> str:
    answer = gateway.create_integration(url, FOUNDING_EXAMPLE, {"Authorization": f"Bearer {key}"})
    if answer.status == HTTPStatus.CONFLICT:
        return "It is there from an earlier start."
    if answer.status != HTTPStatus.CREATED:
        raise LocalStackError(f"It was answered with {answer.shown()}")
    return answer.shown()


def _check_that_keys_are_needed(url: str) -> None:
    answer = gateway.create_integration(url, FOUNDING_EXAMPLE, {})
    if (answer.status, answer.content_type) != (HTTPStatus.UNAUTHORIZED, "application/problem+json"):
        raise LocalStackError(f"A call without a key must be refused with 401, but was answered with {answer.shown()}")
    print("A call without a key is refused: 401 application/problem+json.")


def _what_to_try(file: Path, url: str) -> str:
    return f"""
Serving {url}/v2/ai-integrations until Ctrl-C. Try, in another shell:

  set -a; . {shlex.quote(str(file))}; set +a
  curl -i "$AI_INTEGRATIONS_URL/v2/ai-integrations" \\
    -H "Authorization: Bearer $AI_INTEGRATIONS_API_KEY" -H 'Content-Type: application/json' \\
    -d '{ANOTHER_EXAMPLE}'

One more key: make access-key ACCOUNT=local USER=ann ROLE=reader
Logs: {file.parent / "logs"}; data survive a restart: make local-reset empties them."""
