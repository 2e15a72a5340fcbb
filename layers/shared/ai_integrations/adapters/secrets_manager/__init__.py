"""Provider keys in Secrets Manager; a write-only interface."""
