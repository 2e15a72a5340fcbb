"""The use cases of a consumer that resolves an integration over the gateway, and of a broker that resolves directly."""

from collections.abc import Callable
from http import HTTPStatus

from ai_integrations.observability import LoggedError
from tests.builders import a_caller, gateway_event, signed_event
from tests.cloud import Response
from tests.faults.account import OLD_KEY, SERVICE_UNAVAILABLE, Account, Request
from tests.faults.use_case import NAME, UseCase

_ROLE = "arn:aws:iam::111122223333:role/{}"
_SESSION = "arn:aws:sts::111122223333:assumed-role/{}/job-1"


def _granted(body: Callable[[Account], object], *, in_path: bool) -> Callable[[Account], Request]:
    """Prepare an integration, a grant, and a signed request. The role has the name of the account."""

    def prepare(account: Account) -> Request:
        account.create_integration(api_key=OLD_KEY)
        grant = {"principal_arn": _ROLE.format(account.name), "all_integrations": True}
        granting = gateway_event(grant, caller=a_caller(account=account.name), path="/v2/consumers")
        assert account.stack.http("consumers", granting).status == HTTPStatus.CREATED
        account.stack.process_stream()
        integration = account.integration if in_path else None
        event = signed_event(_SESSION.format(account.name), body(account), integration=integration)
        return lambda: _status(account.stack.http("credentials", event))

    return prepare


def _status(response: Response) -> int:
    assert response.status != HTTPStatus.OK or response.body["api_key"] == OLD_KEY
    return response.status


def _direct(account: Account) -> Request:
    account.create_integration(api_key=OLD_KEY)
    event = {"account": account.name, "integration": NAME, "consumer": "billing-job"}

    def send() -> int:
        try:
            response = account.stack.function("credentials")(event)
        except LoggedError:
            return SERVICE_UNAVAILABLE
        assert response["api_key"] == OLD_KEY
        return HTTPStatus.OK

    return send


RESOLVE_USE_CASES: dict[str, UseCase] = {
    "resolve by id": UseCase(_granted(lambda account: {"account": account.name}, in_path=True), {NAME: OLD_KEY}),
    "resolve by name, account not named": UseCase(
        _granted(lambda _account: {"integration": NAME}, in_path=False), {NAME: OLD_KEY}
    ),
    "resolve directly": UseCase(_direct, {NAME: OLD_KEY}),
}
