"""The HTTP API: routes, conditional requests, cursors, error responses and the API documentation page."""
