"""The composition root: the only place that reads the environment and creates AWS clients.

Each function imports its own module, so that its cold start does not load what only other functions need.
"""
