"""What a program asks the service to resolve."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ResolveRequest:
    """An integration's id or name, the place from which it is seen, and optionally a version of its key."""

    integration: str
    organization_id: str | None = None
    space_id: str | None = None
    key_version: str | None = None

    def __str__(self) -> str:
        more = {"organization": self.organization_id, "space": self.space_id, "key version": self.key_version}
        given = "".join(f", {name} {value!r}" for name, value in more.items() if value)
        return f"Integration {self.integration!r}{given}"
