"""The OpenAPI document, built from the code that serves the API. Nothing here is deployed.

The functions serve the committed copy, so that no cold start pays for pydantic's schemas: `make openapi` writes it,
`make lint` compares it.
"""
