"""What random data rarely hits and a schema can not say, so that enough calls get past the rules."""

import schemathesis
from hypothesis import strategies as st

HOSTS = st.from_regex(r"\A[a-z][a-z0-9]{0,20}\.example\.(com|org)\Z")
PATHS = st.from_regex(r"\A(/[A-Za-z0-9._~-]{1,12}){0,3}\Z")

# base_url is the one field of this format: public hosts alone are taken.
schemathesis.openapi.format("uri", st.builds("https://{}{}".format, HOSTS, PATHS))
