"""The first import of every function: no garbage is looked for until all is imported and made.

Nearly all that a start makes lives as long as the function, so looking through it again and again finds nothing; nor
need any later look go through it.
"""

import gc

gc.disable()


def end() -> None:
    """Look for garbage from now on, among what comes from now on."""
    gc.freeze()
    gc.enable()
