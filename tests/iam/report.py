"""Compare the permissions of each function with the calls that it made."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tests import sam_template
from tests.iam.authorization import Account, Call
from tests.iam.evaluator import Request, allowing_statements
from tests.iam.policies import ACCOUNT, Policies

Grant = tuple[str, str]
"""A statement's Sid and an action."""

# Statements that Lambda itself uses, with the role of the function. The function makes none of these calls.
FOR_LAMBDA = {"ReadStream", "ReceiveProvisioningRequests", "SendToDeadLetterQueue", "SendTraces", "WriteLogs"}
_OLD = "only for secrets at least one hour old, which tests/handlers/test_sweep.py and tests/faults simulate"
# Permissions that the walk of tests/iam cannot use, as function, Sid and action, each with the reason to grant it.
UNUSED = {
    ("api", "WriteProviderKeys", "secretsmanager:DescribeSecret"): (
        "only if Secrets Manager rejects the restore of an active secret, as emulators do"
    ),
    ("credentials", "ReadGrants", "dynamodb:GetItem"): "only if DynamoDB throttles the read of several items",
    ("exchange_token", "IssueIdentityTokens", "sts:GetWebIdentityToken"): (
        "only for the token endpoints of providers, to which tests do not connect"
    ),
    ("sweep", "CleanUpOrphanedSecrets", "secretsmanager:DeleteSecret"): _OLD,
    ("sweep", "CleanUpOrphanedSecrets", "secretsmanager:RestoreSecret"): _OLD,
    ("sweep", "CleanUpOrphanedSecrets", "secretsmanager:UpdateSecretVersionStage"): _OLD,
}


@dataclass(kw_only=True)
class Report:
    """The permissions of each function, by folder name: granted, used, and missing for a call."""

    granted: dict[str, set[Grant]]
    used: dict[str, set[Grant]]
    denied: set[str] = field(default_factory=set)

    def unused(self) -> set[tuple[str, str, str]]:
        """List the grants that no call used, as function, Sid and action, except those for Lambda itself."""
        unused = {(name, *grant) for name, grants in self.granted.items() for grant in grants - self.used[name]}
        return {each for each in unused if each[1] not in FOR_LAMBDA}

    def table(self) -> str:
        """Format the report as a text table."""
        lines = [f"{'function':16} {'statement':44} {'action':40} used"]
        for name, grants in sorted(self.granted.items()):
            for sid, action in sorted(grants):
                mark = "yes" if (sid, action) in self.used[name] else "by Lambda" if sid in FOR_LAMBDA else "no"
                lines.append(f"{name:16} {sid:44} {action:40} {mark}")
        totals = [sum(map(len, each.values())) for each in (self.granted, self.used)]
        return "\n".join([*lines, f"{totals[0]} granted, {totals[1]} used, {len(self.denied)} calls denied"])


def _key_policy_allows(policies: Policies, function: str, request: Request) -> bool:
    statements = policies.key_statements(request.resource)
    context = {**request.context, **policies.principal_tags(function)}
    as_function = replace(request, principal=f"arn:aws:iam::{ACCOUNT}:role/{function}", context=context)
    return not statements or bool(allowing_statements(statements, as_function))


def replay(calls: Iterable[Call], policies: Policies, account: Account) -> Report:
    """Evaluate the policies for every call."""
    report = Report(
        granted={name: policies.granted(name) for name in sam_template.functions()},
        used={name: set() for name in sam_template.functions()},
    )
    for call in calls:
        statements = policies.statements(call.function)
        for request in account.requests(call):
            sids = allowing_statements(statements, request)
            report.used[call.function] |= {(sid, request.action) for sid in sids}
            if not sids or not _key_policy_allows(policies, call.function, request):
                report.denied.add(f"{call.function}: {request}")
    return report
