"""The steps of `make local`, `make access-key` and `make local-reset`."""

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

# The example of the published API description.
PUBLISHED_EXAMPLE = json.loads((ROOT / "events" / "create_openai.json").read_text())["body"]
ANOTHER_EXAMPLE = (
    '{"name":"Staging Anthropic","provider":"anthropic","api_key":"sk-fake-staging","enable_default_models":true}'
)
FIRST_KEY_OWNER = {"account": "local", "user": "local-admin", "role": "admin"}


def up(workspace: Workspace, port: int) -> None:
    """Deploy to a new emulator and serve until interrupted. Prints each step before it begins."""
    with workspace.locked() as lock:
        emulator.check_port(port)
        workspace.prepare()
        template = load(ROOT / "template.yaml")
        print("Building the layers …")
        code = _package_functions(template, workspace, port)
        print(f"Starting the AWS emulator on {emulator.HOST}:{port} …")
        with emulator.running(workspace, port, lock) as running:
            print("Deploying template.yaml …")
            deployment = Deployment(endpoint=running.endpoint)
            deployment.deploy(template, code)
            _serve(workspace, running, deployment)


def access_key(workspace: Workspace, owner: dict[str, Any]) -> str:
    """Issue an access key on the running stack. `owner` is the `issue` command without its action."""
    endpoint = connection.read(workspace.connection)["AWS_ENDPOINT_URL"]
    try:
        return _issue(Deployment(endpoint=endpoint), owner)
    except EndpointConnectionError as error:
        raise LocalStackError(connection.NOT_RUNNING) from error


def reset(workspace: Workspace) -> None:
    """Delete the data of a stack that is not running."""
    with workspace.locked():
        workspace.delete_data()
        print(f"Deleted the local data in {workspace.folder}.")


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
    key = _issue(deployment, FIRST_KEY_OWNER)
    print("Creating the example of the API description …")
    print(_create_published_example(url, key))
    _check_authentication(url)
    connected = Connection(
        url=url,
        endpoint=running.endpoint,
        api_key=key,
        account=FIRST_KEY_OWNER["account"],
        function=deployment.output("CredentialsFunctionName"),
    )
    with connection.published(connected, workspace.connection):
        print(_instructions(workspace.connection, url))
        running.serve()


def _issue(deployment: Deployment, owner: dict[str, Any]) -> str:
    result = deployment.invoke("AccessKeysFunctionName", {"action": "issue", **owner})
    if "problem" in result:
        problem = result["problem"]
        errors = [f"{error['pointer']}: {error['detail']}" for error in problem.get("errors", [])]
        raise LocalStackError("\n  ".join([f"No key was issued. {problem['detail']}", *errors]))
    return str(result["access_key"])


def _create_published_example(url: str, key: str) -> str:
    response = gateway.create_integration(url, PUBLISHED_EXAMPLE, {"Authorization": f"Bearer {key}"})
    if response.status == HTTPStatus.CONFLICT:
        return "The example already exists from an earlier start."
    if response.status != HTTPStatus.CREATED:
        raise LocalStackError(f"The API did not create the example. Response: {response.formatted()}")
    return response.formatted()


def _check_authentication(url: str) -> None:
    response = gateway.create_integration(url, PUBLISHED_EXAMPLE, {})
    if (response.status, response.content_type) != (HTTPStatus.UNAUTHORIZED, "application/problem+json"):
        raise LocalStackError(f"A request without an access key must return 401. Response: {response.formatted()}")
    print("A request without an access key returns 401 application/problem+json.")


def _instructions(file: Path, url: str) -> str:
    return f"""
Serving {url}/v2/ai-integrations until Ctrl-C. Try this in another shell:

  set -a; . {shlex.quote(str(file))}; set +a
  curl -iw '\\n' "$AI_INTEGRATIONS_URL/v2/ai-integrations" \\
    -H "Authorization: Bearer $AI_INTEGRATIONS_API_KEY" -H 'Content-Type: application/json' \\
    -d '{ANOTHER_EXAMPLE}'

Issue another access key: make access-key ACCOUNT=local USER=ann ROLE=reader
Logs are in {file.parent / "logs"}. Data survives a restart; delete it with: make local-reset"""
