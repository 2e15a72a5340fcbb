"""A small IAM policy evaluator: it checks whether the policies of a function allow the AWS calls that it made."""
