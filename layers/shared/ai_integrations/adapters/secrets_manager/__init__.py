"""Provider keys in Secrets Manager, write-only: nothing here can read a key."""
