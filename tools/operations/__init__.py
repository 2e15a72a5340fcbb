"""Commands for operators, which work on any deployed stack. Not deployed."""
