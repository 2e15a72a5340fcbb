"""A small evaluator of IAM policies: would AWS have let a function make the calls that it made?"""
