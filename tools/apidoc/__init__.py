"""The OpenAPI document and the JSON schemas of events, built from the code. Nothing here is deployed.

The functions serve the committed copy of the document, so that no cold start pays for pydantic's schemas:
`make openapi` and `make schemas` write what is committed, `make lint` compares it.
"""
