"""A plugin for pytest that leaves out tests on the AWS emulator: it would start for each change."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out tests that use the emulator, by a fixture or by a parameter."""
    items[:] = [item for item in items if not _uses_emulator(item)]


def _uses_emulator(item: pytest.Item) -> bool:
    return "emulator" in item.name or "emulator" in getattr(item, "fixturenames", ())
