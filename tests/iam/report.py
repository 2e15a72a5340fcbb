"""What each function is granted, what of it a walk has used, and what was called without a grant."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests import sam_template
from tests.iam.authorization import Account, Call
from tests.iam.evaluator import allowing
from tests.iam.policies import Policies

Grant = tuple[str, str]
"""A statement's Sid and an action."""


@dataclass(kw_only=True)
class Report:
    """The outcome, by the names of the functions' folders."""

    granted: dict[str, set[Grant]]
    used: dict[str, set[Grant]]
    denied: set[str] = field(default_factory=set)

    def unused(self) -> set[tuple[str, str, str]]:
        """Return the grants that nothing has used, each behind its function."""
        return {(name, *grant) for name, grants in self.granted.items() for grant in grants - self.used[name]}

    def table(self) -> str:
        """Return the outcome for people."""
        lines = [f"{'function':16} {'statement':44} {'action':40} used"]
        for name, grants in sorted(self.granted.items()):
            for sid, action in sorted(grants):
                mark = "yes" if (sid, action) in self.used[name] else "no"
                lines.append(f"{name:16} {sid:44} {action:40} {mark}")
        totals = [sum(map(len, each.values())) for each in (self.granted, self.used)]
        return "\n".join([*lines, f"{totals[0]} granted, {totals[1]} used, {len(self.denied)} calls without a grant"])


def replay(calls: Iterable[Call], policies: Policies, account: Account) -> Report:
    """Ask of every call whether the policies allow it."""
    report = Report(
        granted={name: policies.granted(name) for name in sam_template.functions()},
        used={name: set() for name in sam_template.functions()},
    )
    for call in calls:
        statements = policies.of(call.function)
        for request in account.requests(call):
            sids = allowing(statements, request)
            report.used[call.function] |= {(sid, request.action) for sid in sids}
            if not sids:
                report.denied.add(f"{call.function}: {request}")
    return report
