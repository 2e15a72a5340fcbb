"""Commands for operators, which work on any deployment; not deployed themselves."""
