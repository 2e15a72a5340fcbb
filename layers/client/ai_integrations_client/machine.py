"""What a client needs of the machine that it runs on; tests bring their own."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


def beside(work: Callable[[], None]) -> None:
    """Run something beside the caller, or, if there can be no more threads, before it."""
    try:
        threading.Thread(target=work, name="ai-integrations", daemon=True).start()
    except RuntimeError:
        work()


@dataclass(frozen=True, kw_only=True)
class Machine:
    """`clock` tells seconds since the epoch, `random` a number from 0 to 1, `spawn` runs something beside the caller.

    The clock is the wall's: that of a frozen Lambda sandbox goes on, and so do temporary credentials.
    """

    clock: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    spawn: Callable[[Callable[[], None]], None] = beside
