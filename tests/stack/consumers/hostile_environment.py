"""An environment in which every variable that may concern address or credentials has a hostile value."""

import re
from pathlib import Path

CANARY = "canary"
PROXIES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
# Variables and files that are hostile although libraries do not read them by name, or only in some cases.
ALWAYS = {*PROXIES, "AWS_CONFIG_FILE", "AWS_PROFILE"}

_RELEVANT = re.compile(
    "ACCOUNT|AUTH|BASE|CERT|CLIENT|CRED|CSM|DUALSTACK|ENDPOINT|FIPS|HEADER|HOST|KEY|LOCATION|ORG|PASSWORD|PREFERENCE|"
    "PROFILE|PROJECT|PROXY|REGION|ROLE|SCOPE|SECRET|SESSION|TENANT|TOKEN|URL|USERNAME|USE_"
)
# They concern neither, or a library does not start with such a value.
_IRRELEVANT = re.compile(
    "^(_?PYTHON.*|LITELLM_LOCAL_.*|SSL.*|.*TIKTOKEN.*|.*CA_BUNDLE|NO_PROXY|AWS_S.*_REGIONAL_ENDPOINTS?|.*_(MODE|PORT)|AI_INTEGRATIONS.*|"
    "(.*_)?(COUNT|LENGTH|MAX|MIN|NUM|SECONDS|SIZE|TTL)(_.*)?)$"
)
_FLAG = re.compile("ENABLED|DISABLE|DUALSTACK|FIPS|USE_LITELLM_PROXY")
_ADDRESS = re.compile("BASE|ENDPOINT|HOST|PROXY|URL")
_AWS_CONFIG = """[profile hostile]
region = us-west-2
endpoint_url = {address}
services = hostile
use_fips_endpoint = true
use_dualstack_endpoint = true
auth_scheme_preference = httpBearerAuth
aws_access_key_id = canary-access-key
aws_secret_access_key = canary-secret-key
[services hostile]
bedrock_runtime =
  endpoint_url = {address}
"""


def relevant(names: set[str]) -> set[str]:
    """Select the variables that may concern address or credentials."""
    return {name for name in names if _RELEVANT.search(name) and not _IRRELEVANT.match(name)}


def hostile_environment(names: set[str], address: str, folder: Path) -> dict[str, str]:
    """Choose a value for each variable: an address that receives requests, or text that is visible in one."""
    return {name: _value(name, address, folder) for name in names}


def _value(name: str, address: str, folder: Path) -> str:
    if name == "AWS_CONFIG_FILE":
        file = folder / "aws-config"
        file.write_text(_AWS_CONFIG.format(address=address))
        return str(file)
    if name in {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}:
        return "hostile"
    if name.endswith("_CUSTOM_HEADERS"):
        return "X-Canary: canary\nAuthorization: Bearer canary"
    if "REGION" in name:  # the environment may decide it, if the integration does not
        return "us-west-2"
    if _FLAG.search(name):
        return "true"
    return f"{address}/{CANARY}" if _ADDRESS.search(name) else f"{CANARY}-{name.lower()}"
