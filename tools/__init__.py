"""Commands of developers and operators: the local stack, API documents, operations."""
