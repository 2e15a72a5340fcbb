"""Programs that the tests of `sam local` need. `python -m tests.sam_local.prerequisites` prints the missing ones."""

import shutil
import subprocess
import sys

RUNTIME = "python3.13"
PROGRAMS = {
    "sam": "the SAM CLI (docs/sam-local.md shows how to install it)",
    "docker": "Docker",
    RUNTIME: "the Python version of the Lambda runtime, which `sam build` uses",
}


def missing() -> list[str]:
    """Describe each missing program in one line."""
    lines = [
        f"`{program} --version` does not work. Needed: {description}"
        for program, description in PROGRAMS.items()
        if not runs(program)
    ]
    if runs("docker"):
        result = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)  # noqa: S607
        if result.returncode != 0:
            lines.append(f"Docker does not answer: {result.stderr.strip().splitlines()[-1]}")
    return lines


def runs(program: str) -> bool:
    """Run the program, because a version manager such as pyenv puts programs on the PATH that only fail."""
    if shutil.which(program) is None:
        return False
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    if lines := missing():
        sys.exit("\n  ".join(["The tests of `sam local` did not run:", *lines]))
