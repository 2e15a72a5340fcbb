"""The addresses of the API: the custom domain, its DNS record and the web ACL."""

from typing import Any

from tests import sam_template

STAGE = {"Ref": "Api.Stage"}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = sam_template.template()["Resources"][name]["Properties"]
    return found


def test_custom_domain_is_regional_and_has_the_certificate_of_the_parameter() -> None:
    domain = properties("Domain")
    assert domain["DomainName"] == {"Ref": "DomainName"}
    assert domain["RegionalCertificateArn"] == {"Ref": "CertificateArn"}
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_custom_domain_leads_to_the_deployed_stage() -> None:
    assert properties("DomainMapping") == {"DomainName": {"Ref": "Domain"}, "RestApiId": {"Ref": "Api"}, "Stage": STAGE}


def test_dns_record_is_an_alias_of_the_regional_domain() -> None:
    assert properties("DomainRecord") == {
        "HostedZoneId": {"Ref": "HostedZoneId"},
        "Name": {"Ref": "DomainName"},
        "Type": "A",
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["Domain", "RegionalDomainName"]},
            "HostedZoneId": {"Fn::GetAtt": ["Domain", "RegionalHostedZoneId"]},
        },
    }


def test_web_acl_protects_the_deployed_stage() -> None:
    stage = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}/stages/${Stage}"
    assert properties("WebAclAssociation") == {
        "ResourceArn": {"Fn::Sub": [stage, {"Stage": STAGE}]},
        "WebACLArn": {"Ref": "WebAclArn"},
    }
