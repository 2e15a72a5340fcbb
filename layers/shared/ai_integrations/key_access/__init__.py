"""Everything that may read a provider key or connect to a provider: one package, because it is a trust boundary."""
