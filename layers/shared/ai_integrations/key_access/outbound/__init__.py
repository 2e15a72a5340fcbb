"""Outbound connections that may carry a provider key: SSRF guard, DNS, deadlines."""
