"""Command line: `python -m tools.local up | containers | access-key | reset`."""

import argparse
import io
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.local import containers, stack
from tools.local.errors import LocalStackError
from tools.local.workspace import ROOT, Workspace

ROLES = ("admin", "member", "reader")
USAGE = f"make access-key ACCOUNT=… USER=… ROLE={'|'.join(ROLES)}"
MEMBERSHIPS = '[{"organization_id": "…", "admin": true}]'


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status. An interrupt is 0, because `up` has no other end."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    # SIGINT is included, because a shell ignores it for commands that it starts in the background.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        options.run(Workspace(folder=options.state_dir.resolve()), options)
    except KeyboardInterrupt:
        print("\nStopped.")
    except LocalStackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.local", description="Run the whole service on this machine.")
    parser.add_argument("--state-dir", type=Path, default=ROOT / ".local", help="data and logs; default: %(default)s")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start the local stack and serve until Ctrl-C")
    up.add_argument("--port", default=os.environ.get("PORT") or "4570", help="default: $PORT or 4570")
    up.set_defaults(run=lambda workspace, options: stack.up(workspace, _port(options.port)))
    reset = commands.add_parser("reset", help="delete the data of the local stack")
    reset.set_defaults(run=lambda workspace, _: stack.reset(workspace))
    forward = commands.add_parser("containers", help="make the running stack reachable from containers")
    forward.set_defaults(run=lambda workspace, _: containers.serve(workspace))
    key = commands.add_parser("access-key", help="issue an access key on the running stack and print it")
    key.add_argument("--account", default="")
    key.add_argument("--user", default="")
    key.add_argument("--role", default="", help=", ".join(ROLES))
    key.add_argument("--memberships", default="", help=MEMBERSHIPS)
    key.set_defaults(run=_access_key)
    return parser


def _access_key(workspace: Workspace, options: argparse.Namespace) -> None:
    holder = {"account": options.account, "user": options.user, "role": options.role}
    if missing := [name.upper() for name, value in holder.items() if not value]:
        raise LocalStackError(f"Missing: {', '.join(missing)}. Usage: {USAGE}")
    if options.role not in ROLES:
        raise LocalStackError(f"There is no such role. Usage: {USAGE}")
    print(stack.access_key(workspace, {**holder, "memberships": _memberships(options.memberships)}))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**16):
        raise LocalStackError("The port must be a number from 1 to 65535: make local PORT=4570")
    return int(text)


def _memberships(text: str) -> list[Any]:
    with suppress(ValueError):
        memberships = json.loads(text or "[]")
        if isinstance(memberships, list):
            return memberships
    raise LocalStackError(f"The memberships must be a JSON list: {USAGE} MEMBERSHIPS='{MEMBERSHIPS}'")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
