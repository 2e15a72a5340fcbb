"""What the stack's parameters say of the API's description."""

import os


def docs_page() -> bool:
    """Tell whether the page that shows the API's description is served."""
    return os.environ["DOCS_PAGE"] == "true"
