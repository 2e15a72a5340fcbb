"""What a command says when it can not go on."""


class LocalStackError(Exception):
    """Its text is shown as it is, so it names what happened and what mends it."""
