"""Exchange of identity tokens of AWS for access tokens of providers."""
