"""Exchange an identity token of AWS for a provider's access token. No other function can get identity tokens."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ai_integrations.adapters.dynamodb.items import integration_from_item
from ai_integrations.bootstrap.aws_calls import aws_calls
from ai_integrations.bootstrap.exchange_token import token_exchange
from ai_integrations.domain.errors import TokenRefusedError, TokenUnavailableError
from ai_integrations.observability import hide_exception_messages, logger, logs_invocation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from ai_integrations.domain.model import Integration

_exchange = token_exchange()


@logs_invocation(aws_calls)
@hide_exception_messages()
def lambda_handler(event: dict[str, Any], _context: "LambdaContext") -> Mapping[str, Any]:
    """Handle a request of `adapters/token_exchanger.py`: return a token, or the reason why there is none."""
    integration = integration_from_item(event["integration"])
    logger.append_keys(account=integration.account, integration_id=integration.id, version=integration.version)
    outcome, response = _exchange_token(integration)
    logger.info("token exchange ended", outcome=outcome)
    return response


def _exchange_token(integration: "Integration") -> tuple[str, Mapping[str, Any]]:
    try:
        token = _exchange.exchange(integration)
    except TokenRefusedError as refused:
        return "refused", {"refusal": refused.reason, "answer": refused.answer}
    except TokenUnavailableError as unavailable:
        return "unavailable", {"outage": unavailable.reason}
    return "issued", {
        "access_token": token.value.get_secret_value(),
        "expires_at": token.expires_at.isoformat(),
        "identity": token.identity,
    }
