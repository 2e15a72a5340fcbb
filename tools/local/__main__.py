"""The command line: `python -m local up | containers | access-key | reset`."""

import argparse
import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tools.local import containers, stack
from tools.local.errors import LocalStackError
from tools.local.workspace import ROOT, Workspace

USAGE = "make access-key ACCOUNT=… USER=… ROLE=admin|member|reader"


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0 also for one that was interrupted, for that is how `up` ends."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    # SIGINT too: a shell that starts a command in the background has it ignored.
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
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole service on this machine.")
    parser.add_argument("--state-dir", type=Path, default=ROOT / ".local", help="default: %(default)s")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="serve until interrupted")
    up.add_argument("--port", type=_port, default=os.environ.get("PORT") or "4570", help="default: PORT, else 4570")
    up.set_defaults(run=lambda workspace, options: stack.up(workspace, options.port))
    commands.add_parser("reset", help="empty the data").set_defaults(run=lambda workspace, _: stack.reset(workspace))
    reached = commands.add_parser("containers", help="let containers reach the running stack")
    reached.set_defaults(run=lambda workspace, _: containers.serve(workspace))
    key = commands.add_parser("access-key", help="issue a key on the running stack, and print it alone")
    key.add_argument("--account", type=_given, required=True)
    key.add_argument("--user", type=_given, required=True)
    key.add_argument("--role", choices=("admin", "member", "reader"), required=True)
    key.add_argument("--memberships", type=_memberships, default="", help='[{"organization_id": "…", "admin": true}]')
    key.set_defaults(run=_access_key)
    return parser


def _access_key(workspace: Workspace, options: argparse.Namespace) -> None:
    holder = {"account": options.account, "user": options.user, "role": options.role}
    print(stack.access_key(workspace, {**holder, "memberships": options.memberships}))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: it is a number from 1 to 65535")
    return int(text)


def _given(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError(f"missing: {USAGE}")
    return text


def _memberships(text: str) -> list[Any]:
    try:
        memberships = json.loads(text or "[]")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error
    if not isinstance(memberships, list):
        raise argparse.ArgumentTypeError("not a JSON list")
    return memberships


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
