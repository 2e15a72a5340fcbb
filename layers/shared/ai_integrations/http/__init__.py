"""What HTTP callers see: bodies, problem documents, spellings, routes."""
