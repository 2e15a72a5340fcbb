"""Connection tests: up to three steps, each of which reports what it proved."""
