"""Write docs/permissions.md: `make permissions`."""

from tests.iam.document import PATH, document

PATH.write_text(document())
