"""The steps of `make local`, `make access-key` and `make local-reset`."""

import json
import shlex
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from botocore.exceptions import EndpointConnectionError

from tools.local import connection, emulator, gateway, layers, packages, program
from tools.local.connection import Connection
from tools.local.deployment import Deployment
from tools.local.emulator import Emulator
from tools.local.errors import LocalStackError
from tools.local.template import Template, functions, load
from tools.local.workspace import ROOT, Workspace

# The example of the published API description.
PUBLISHED_EXAMPLE = json.loads((ROOT / "events" / "create_openai.json").read_text())["body"]
FIRST_KEY_OWNER = {"account": "local", "user": "local-admin", "role": "admin"}
# The source of docs/events.md, and any stack, such as docs/examples/custom-resource.yaml.
SENDERS = (
    {"action": "register_source", "source": "my-platform"},
    {"action": "register_stacks", "stack_names": "*"},
)


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
    print("Issuing an access key …")
    key = _issue(deployment, FIRST_KEY_OWNER)
    _register_senders(deployment)
    outputs = deployment.outputs()
    url = outputs["ApiUrl"]
    print("Calling the API with and without the access key …")
    _check_response(url, {"Authorization": f"Bearer {key}"}, HTTPStatus.OK, "application/json")
    _check_response(url, {}, HTTPStatus.UNAUTHORIZED, "application/problem+json")
    print(f"Granting the IAM user {program.USER} all integrations …")
    user = program.sign_in(running.endpoint)
    program.grant_all(user, url, key)
    connected = Connection(
        endpoint=running.endpoint,
        api_key=key,
        account=FIRST_KEY_OWNER["account"],
        access_key_id=user.access_key_id,
        secret_access_key=user.secret_access_key,
        outputs=outputs,
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


def _register_senders(deployment: Deployment) -> None:
    rights = {"account": FIRST_KEY_OWNER["account"], "aws_account": deployment.aws_account(), "role": "admin"}
    for sender in SENDERS:
        deployment.invoke("AccessKeysFunctionName", {**sender, **rights})


def _check_response(url: str, headers: Mapping[str, str], status: HTTPStatus, content_type: str) -> None:
    response = gateway.send("GET", url, "/v2/ai-integrations", headers)
    if (response.status, response.content_type) != (status, content_type):
        raise LocalStackError(f"The API must return {status} {content_type}. Response: {response.formatted()}")


def _instructions(file: Path, url: str) -> str:
    return f"""
Logs are in {file.parent / "logs"}. Data survives a restart; delete it with: make local-reset
The console asks for an access key: AI_INTEGRATIONS_API_KEY in .local/connection.env. Issue another one:
make access-key ACCOUNT=local USER=ann ROLE=reader

Console:   {url}/v2/console
Docs page: {url}/v2/docs
API:       {url}/v2/ai-integrations
Serving until Ctrl-C. Try this in another shell: create an integration (a second time it returns 409, because names are
unique), then resolve it with a signed request, as programs do.

  set -a; . {shlex.quote(str(file))}; set +a
  curl -iw '\\n' "$AI_INTEGRATIONS_URL/v2/ai-integrations" \\
    -H "Authorization: Bearer $AI_INTEGRATIONS_API_KEY" -H 'Content-Type: application/json' \\
    -d '{PUBLISHED_EXAMPLE}'
  curl -w '\\n' "$AI_INTEGRATIONS_URL/v2/credentials" -H 'Content-Type: application/json' \\
    --aws-sigv4 "aws:amz:$AWS_DEFAULT_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
    -d '{json.dumps({"integration": json.loads(PUBLISHED_EXAMPLE)["name"]})}'
"""
