"""The first import of every function: no garbage is looked for until all is imported and made.

Nearly all that a start makes lives as long as the function, so looking through it again and again finds nothing; nor
need any later look go through it.
"""

import gc
import os

gc.disable()

# SnapStart and provisioned concurrency start a function ahead of its calls.
IS_AWAITED = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand") == "on-demand"
"""Whether a caller waits for this start: what not every request needs is then left to the first one that does."""


def end() -> None:
    """Look for garbage from now on, among what comes from now on."""
    gc.freeze()
    gc.enable()
