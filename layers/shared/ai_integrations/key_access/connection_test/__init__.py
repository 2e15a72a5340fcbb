"""Connection tests: up to five steps, each of which reports what it proved."""
