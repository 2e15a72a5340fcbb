"""Partitions: nothing in the template belongs to only one of AWS, AWS in China and GovCloud.

docs/deploy.md, "China and GovCloud", lists what was checked for each.
"""

import json
import re

import pytest

from tests import sam_template
from tests.builders import ROOT
from tests.sam_template import processed

# Service principals that are alike in all partitions (`Default.servicePrincipal` in the AWS CDK's region-info), except
# CodeDeploy's, which differs in China. docs/deploy.md lists it.
UNIVERSAL_PRINCIPALS = {
    "apigateway.amazonaws.com",
    "codedeploy.amazonaws.com",
    "events.amazonaws.com",
    "lambda.amazonaws.com",
    "scheduler.amazonaws.com",
}


def test_template_names_no_partition() -> None:
    assert re.findall(r"arn:aws[\w-]*:", (ROOT / "template.yaml").read_text()) == []


@pytest.mark.parametrize("deployment", ["AllAtOnce", "Canary10Percent5Minutes"])
def test_domain_of_aws_depends_on_the_partition_except_in_universal_service_principals(deployment: str) -> None:
    resources = json.dumps(processed(GradualDeployment=deployment))
    assert set(re.findall(r"[\w.${}:-]*amazonaws\.com[\w.]*", resources)) <= UNIVERSAL_PRINCIPALS


def test_kms_conditions_and_the_principal_of_logs_have_the_domain_of_the_partition() -> None:
    resources = json.dumps(sam_template.template()["Resources"])
    assert set(re.findall(r"(\w+)\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}", resources)) == {
        "secretsmanager",
        "dynamodb",
        "logs",
    }
