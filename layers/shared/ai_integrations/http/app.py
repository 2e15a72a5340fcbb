"""The HTTP app of the `api` function, with all routes except connection tests."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from ai_integrations.http import docs
from ai_integrations.http.docs import DocsRoutes
from ai_integrations.http.health import HealthRoutes
from ai_integrations.http.integrations import IntegrationRoutes
from ai_integrations.http.resolver import register_error_handlers
from ai_integrations.http.rest_resolver import RestResolver
from ai_integrations.http.spaces import DirectoryRoutes
from ai_integrations.http.trusts import TrustRoutes
from ai_integrations.use_cases.integrations import Integrations, VerifyKey
from ai_integrations.use_cases.listing import IntegrationList, SpaceDirectory

if TYPE_CHECKING:
    from ai_integrations.use_cases.dry_runs import DryRuns
    from ai_integrations.use_cases.federation_trust import FederationTrusts
    from ai_integrations.use_cases.ports import HealthReader
    from ai_integrations.use_cases.role_trust import RoleTrusts


class UseCases(NamedTuple):
    """The use cases that the routes call."""

    integrations: Integrations
    integration_list: IntegrationList
    space_directory: SpaceDirectory
    healths: "Callable[[], HealthReader]"
    role_trusts: "Callable[[], RoleTrusts]"
    federation_trusts: "Callable[[], FederationTrusts]"
    verify_key: VerifyKey
    dry_runs: "Callable[[], DryRuns]"


def build_app(use_cases: UseCases, *, docs_page: bool) -> APIGatewayRestResolver:
    """Build the app. Without `docs_page`, the documentation page does not exist."""
    app = RestResolver()
    register_error_handlers(app, disabled=() if docs_page else (docs.PAGE,))
    IntegrationRoutes(app, use_cases.integrations, use_cases.integration_list, use_cases.verify_key, use_cases.dry_runs)
    DirectoryRoutes(app, use_cases.space_directory)
    HealthRoutes(app, use_cases.integrations, use_cases.healths)
    TrustRoutes(app, use_cases.role_trusts, use_cases.federation_trusts)
    DocsRoutes(app, page=docs_page)
    return app
