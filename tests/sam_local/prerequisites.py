"""What the SAM CLI's tests need beside the project. `python -m tests.sam_local.prerequisites` says what is missing."""

import shutil
import subprocess
import sys

RUNTIME = "python3.13"
PROGRAMS = {
    "sam": "the SAM CLI: `pip install aws-sam-cli` in an environment of its own",
    "docker": "Docker",
    RUNTIME: "the runtime's own Python, with which `sam build` builds",
}


def missing() -> list[str]:
    """Return a line for each thing that is missing."""
    lines = [
        f"`{program}` is not on the PATH: {what}" for program, what in PROGRAMS.items() if not shutil.which(program)
    ]
    if shutil.which("docker"):
        answer = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)  # noqa: S607
        if answer.returncode != 0:
            lines.append(f"Docker does not answer: {answer.stderr.strip().splitlines()[-1]}")
    return lines


if __name__ == "__main__":
    if lines := missing():
        sys.exit("\n  ".join(["Not run: `sam local` needs more than this machine has.", *lines]))
