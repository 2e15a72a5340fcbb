"""The composition root: the only place that reads the environment and makes AWS clients.

Each function imports its own module from here, so that none pays for what another needs.
"""
