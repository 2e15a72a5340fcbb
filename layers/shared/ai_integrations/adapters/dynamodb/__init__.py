"""The DynamoDB table."""
