"""Names: two stacks in one AWS account and region do not collide, whatever SAM adds to the template."""

import json
from typing import Any

import pytest

from tests import sam_template
from tests.sam_template import of_type, processed

# Names that need to be unique only within another resource of the stack, or that are not names of the resource at all.
SCOPED = {
    ("AWS::ApiGateway::Stage", "StageName"): "within the API",
    ("AWS::CloudWatch::Alarm", "MetricName"): "the metric, not the alarm",
    ("AWS::Lambda::Alias", "Name"): "within the function",
}
# What CloudFormation replaces by a value that differs between stacks, or that the operator chooses.
REFERENCES = ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If")


def names(resource: dict[str, Any]) -> dict[str, Any]:
    """Find the properties of a resource that name it, or the resource that it belongs to."""
    properties: dict[str, Any] = resource.get("Properties", {})
    return {
        name: value
        for name, value in properties.items()
        if name.endswith("Name") and (resource["Type"], name) not in SCOPED
    }


def is_fixed(value: Any) -> bool:
    """Check whether a value is the same in every stack."""
    if isinstance(value, dict) and value.keys() == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
        return "${" not in value["Fn::Sub"]
    return not (isinstance(value, dict) and value.keys() <= set(REFERENCES))


@pytest.mark.parametrize("deployment", ["AllAtOnce", "Canary10Percent5Minutes"])
def test_no_resource_has_a_name_that_is_the_same_in_every_stack(deployment: str) -> None:
    resources = processed(GradualDeployment=deployment)
    fixed = {
        (logical_id, name): value
        for logical_id, each in resources.items()
        for name, value in names(each).items()
        if is_fixed(value)
    }
    assert fixed == {}


def test_no_export_has_a_name_that_is_the_same_in_every_stack() -> None:
    exports = [each["Export"]["Name"] for each in sam_template.template()["Outputs"].values() if "Export" in each]
    assert all("${AWS::StackName}" in json.dumps(each) for each in exports)


def test_schedule_is_named_by_cloudformation() -> None:
    """SAM names a schedule after its logical id, unless OmitName is set."""
    [schedule] = of_type(processed(), "AWS::Scheduler::Schedule").values()
    assert "Name" not in schedule["Properties"]
