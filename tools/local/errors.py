"""The error that ends a command."""


class LocalStackError(Exception):
    """Shown to the user as it is: its text must state what happened and what to do."""
