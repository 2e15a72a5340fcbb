"""What an operation of the API is."""

from dataclasses import dataclass

from pydantic import BaseModel

from ai_integrations.http.problem import Kind


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A success; `body` is a model or, for what is served from a file, a media type."""

    status: int = 200
    description: str
    body: type[BaseModel] | str | None = None
    headers: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path; parameters, headers and examples go by their names in the modules beside this one."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    answer: Answer
    errors: tuple[Kind, ...]
    body: type[BaseModel] | None = None
    body_required: bool = True
    body_examples: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    public: bool = False
