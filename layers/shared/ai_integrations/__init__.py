"""A registry of external LLM providers: metadata in DynamoDB, keys in Secrets Manager."""
