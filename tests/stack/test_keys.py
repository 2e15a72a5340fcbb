"""The age and use of a key, over the gateway; test_documents.py also lists keys."""

from uuid import uuid4

from tests.builders import API_KEY
from tests.stack.conftest import Stack


def test_key_is_shown_to_a_reader_of_its_account_and_has_no_other_method(stack: Stack) -> None:
    account, other = (f"account-{uuid4().hex}" for _ in range(2))
    admin = stack.issue_key(account=account)
    path = f"/{stack.create(admin, name='OpenAI', provider='openAI', api_key=API_KEY)['id']}/key"
    reader = stack.issue_key(account=account, role="reader", user="rita")
    facts = stack.call(reader, "GET", path)
    assert (facts["kind"], facts["age_days"], facts["consumer_count"]) == ("stored", 0, 0)
    assert stack.request(stack.issue_key(account=other), "GET", path).status == 404
    refused = stack.request(admin, "PUT", path)
    assert (refused.status, refused.headers["allow"]) == (405, "GET")
