"""Build the zip file of a function: its folder, and a bootstrap that starts it as the Lambda runtime does."""

import io
import os
import shlex
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

# `-S` disables site-packages, so that a function can import only from PYTHONPATH. `tee` writes the output to the
# function's log file and to the emulator, which writes it to the function's log group.
BOOTSTRAP = """\
#!/bin/sh
export AWS_ENDPOINT_URL="http://127.0.0.1:$GATEWAY_PORT"
export AWS_LAMBDA_LOG_GROUP_NAME="${{AWS_LAMBDA_LOG_GROUP_NAME:-/aws/lambda/$AWS_LAMBDA_FUNCTION_NAME}}"
export AWS_EXECUTION_ENV={execution_environment} AWS_SDK_UA_APP_ID={function} TZ=:UTC
export AWS_LAMBDA_INITIALIZATION_TYPE=on-demand PYTHONPATH={search_path}
cd "$LAMBDA_TASK_ROOT" || exit
output="$TMPDIR/output.$$"
mkfifo "$output" || exit
tee -a {log} <"$output" &
exec >"$output" 2>&1
rm "$output"
unset output OLDPWD {settings}
exec {python} -S -m awslambdaric "$_HANDLER"
"""


def bootstrap(
    *, function: str, runtime: str, search_path: Iterable[Path], log: Path, emulator_settings: Iterable[str]
) -> str:
    """Build the script. It unsets `emulator_settings`, variables of the emulator that Lambda does not set."""
    return BOOTSTRAP.format(
        function=shlex.quote(function),
        execution_environment=shlex.quote(f"AWS_Lambda_{runtime}"),
        search_path=shlex.quote(os.pathsep.join(map(str, search_path))),
        log=shlex.quote(str(log)),
        settings=" ".join(emulator_settings),
        python=shlex.quote(sys.executable),
    )


def package(folder: Path, script: str) -> bytes:
    """Build the zip file. It is reproducible, so that an unchanged function is not deployed again."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if _is_packaged(path)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted({**files, "bootstrap": script.encode()}.items()):
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _is_packaged(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts
