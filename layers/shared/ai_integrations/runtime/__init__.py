"""The side that reads keys: for functions/credentials and functions/test_connection alone."""
