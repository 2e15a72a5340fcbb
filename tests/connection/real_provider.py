"""A real OpenAI-protocol server: the LiteLLM proxy from PyPI with a mock model, in its own virtual environment.

`python -m tests.connection.real_provider` installs it. It needs 700 MB, so it is not part of every test run. The
version is pinned because releases of this package have been compromised before (GitHub, BerriAI/litellm#24512).
"""

import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.error import URLError
from urllib.request import urlopen

from tests.builders import ROOT

FOLDER = ROOT / ".venv-provider"
PACKAGES = ("litellm[proxy]==1.108.7", "prisma==0.15.0")
MASTER_KEY = "sk-fake-master-not-a-key"
MODEL = "gpt-4o"
SECONDS_TO_START = 120
_CONFIGURATION = f"""
model_list:
  - model_name: {MODEL}
    litellm_params: {{model: openai/{MODEL}, api_key: sk-fake-upstream-not-a-key, mock_response: Hello.}}
general_settings: {{master_key: {MASTER_KEY}}}
litellm_settings: {{telemetry: false}}
"""


def installed() -> bool:
    """Check whether the server is installed."""
    return (FOLDER / "installed").exists()


def install() -> None:
    """Create the virtual environment, unless it is complete."""
    if installed():
        return
    venv.create(FOLDER, with_pip=True, clear=True)
    pip = (str(FOLDER / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run((*pip, *PACKAGES), check=True)  # noqa: S603 - a package manager, with the versions pinned in this file
    (FOLDER / "installed").touch()


@contextmanager
def running(folder: Path, port: int) -> Iterator[str]:
    """Run the server on loopback and yield its base URL."""
    (folder / "config.yaml").write_text(_CONFIGURATION)
    command = [str(FOLDER / "bin/litellm"), "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)  # noqa: S603 - the server
    try:
        _wait(f"http://127.0.0.1:{port}/health/liveliness", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = monotonic() + SECONDS_TO_START
    while monotonic() < end and process.poll() is None:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except (URLError, TimeoutError, ConnectionError):
            sleep(0.5)
    raise AssertionError("The server did not start. See its log.")


if __name__ == "__main__":
    install()
