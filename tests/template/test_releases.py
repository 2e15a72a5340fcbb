"""Releases: which deployments publish new versions of the functions that callers reach through the alias `live`.

SAM puts a version into the template under an id of its own. A new id makes CloudFormation publish a version and move
the alias to it; the same id leaves the alias where it is, although the functions themselves are updated.
"""

import pytest

from tests.sam_template import of_type, processed
from tests.template.test_parameters import PUBLISHED


def versions(**changes: str) -> set[str]:
    return set(of_type(processed(**changes), "AWS::Lambda::Version"))


def test_same_release_and_same_code_publish_nothing() -> None:
    assert versions() == versions()
    assert versions(Release="4fa54f9") == versions(Release="4fa54f9")
    assert len(versions()) == len(PUBLISHED)


def test_same_release_with_changed_code_publishes_nothing() -> None:
    """Why samconfig.toml and environments/ reset the release: a deployment that omits it would not move the alias."""
    assert versions(Release="4fa54f9", shared_code="2") == versions(Release="4fa54f9")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Release": "4fa54f9"}, {"Release": "0c1d2e3"}),
        ({"Release": ""}, {"Release": "4fa54f9"}),
        ({"Release": "4fa54f9"}, {"Release": ""}),
        ({"Release": ""}, {"Release": "", "shared_code": "2"}),
        ({"Release": "4fa54f9"}, {"Release": "", "shared_code": "2"}),
    ],
)
def test_new_release_or_code_without_a_release_publishes_a_version_of_each_function(
    before: dict[str, str], after: dict[str, str]
) -> None:
    assert len(versions(**after)) == len(PUBLISHED)
    assert not versions(**before) & versions(**after)
