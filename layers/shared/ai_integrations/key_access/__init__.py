"""Read provider keys and connect to providers. This code is one package because it is a trust boundary."""
