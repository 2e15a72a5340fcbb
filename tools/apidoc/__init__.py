"""Generate the OpenAPI document and the JSON schemas of events from the code. Not deployed.

The generated files are committed: the API functions serve `openapi.json` as it is, so a cold start builds no schemas.
`make openapi` and `make schemas` write the files; `make lint` fails if they are out of date.
"""
