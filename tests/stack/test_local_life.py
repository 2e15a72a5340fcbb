"""From the first start to the second: what `make local`, `make access-key` and `make local-reset` promise."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.connection import read
from tools.local.gateway import Response, create_integration
from tools.local.workspace import ROOT

from tests.free_port import free_port


class Local:
    """The command line, on a state folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.connection = folder / "connection.env"
        self._command = [sys.executable, "-m", "tools.local", "--state-dir", str(folder)]
        self._environment = {**os.environ, "PORT": str(free_port())}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603
            [*self._command, *arguments], cwd=ROOT, env=self._environment, text=True, capture_output=True, check=False
        )

    @contextmanager
    def serving(self, *, until: signal.Signals) -> Iterator[str]:
        """Give what was printed until it served; end it by a signal and see that it ends well."""
        with subprocess.Popen(  # noqa: S603
            [*self._command, "up"], cwd=ROOT, env=self._environment, text=True, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            printed = ""
            while not self.connection.exists() and process.poll() is None:
                printed += process.stdout.readline()
            try:
                yield printed
            finally:
                process.send_signal(until)
                try:
                    assert process.wait(30) == 0
                finally:
                    process.kill()
        assert not self.connection.exists()

    def create(self, name: str, key: str | None = None) -> Response:
        variables = read(self.connection)
        headers = {"Authorization": f"Bearer {key or variables['AI_INTEGRATIONS_API_KEY']}"}
        body = json.dumps({"name": name, "provider": "openAI"})
        return create_integration(variables["AI_INTEGRATIONS_URL"], body, headers)


def test_keeps_its_promises_from_one_start_to_the_next(tmp_path: Path) -> None:
    local = Local(tmp_path)
    with local.serving(until=signal.SIGTERM) as printed:
        assert '"name": "Production OpenAI"' in printed
        assert "A call without a key is refused" in printed
        key = read(local.connection)["AI_INTEGRATIONS_API_KEY"]
        assert local.create("kept").status == 201
        assert "stop it first" in local.run("reset").stderr

    with local.serving(until=signal.SIGINT) as printed:
        assert "It is there from an earlier start" in printed
        assert local.create("kept").status == 409
        assert local.create("kept", key).status == 409
        issued = local.run("access-key", "--account", "local", "--user", "ann", "--role", "reader").stdout
        assert re.fullmatch(r"aik_[A-Za-z0-9_-]{43}\n", issued)
        assert local.create("refused", issued.strip()).status == 403

    assert local.run("reset").returncode == 0
    assert key not in "".join(file.read_text(errors="replace") for file in tmp_path.rglob("*") if file.is_file())


def test_refuses_a_taken_port_and_offers_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = Local(tmp_path).run("up", "--port", str(port))
    assert refused.returncode == 1
    assert f"Port {port} is taken. Choose another one: make local PORT=" in refused.stderr


def test_is_not_taken_in_by_a_connection_that_was_left_behind(tmp_path: Path) -> None:
    (tmp_path / "connection.env").write_text(f"AWS_ENDPOINT_URL=http://127.0.0.1:{free_port()}\n")
    refused = Local(tmp_path).run("access-key", "--account", "local", "--user", "ann", "--role", "reader")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "The local stack is not running. Start it: make local\n"
