"""Clock, random numbers, threads and pauses of a client. Tests replace them."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


def run_in_thread(work: Callable[[], None]) -> None:
    """Run `work` in a daemon thread, or inline if no thread can be started."""
    try:
        threading.Thread(target=work, name="ai-integrations", daemon=True).start()
    except RuntimeError:
        work()


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """`clock` returns seconds since the epoch, `random` a number from 0 to 1; `spawn` runs a function concurrently.

    `sleep` waits for seconds between two attempts of a request to the API.

    The clock is the wall clock, because temporary credentials keep expiring while a Lambda sandbox is frozen.
    """

    clock: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    spawn: Callable[[Callable[[], None]], None] = run_in_thread
    sleep: Callable[[float], None] = time.sleep
