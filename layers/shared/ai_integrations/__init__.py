"""A registry of external LLM providers: metadata in DynamoDB, keys in Secrets Manager.

Importing the package in Lambda disables garbage collection for the init phase: nearly everything that init creates
lives as long as the function. `bootstrap/init_phase.py` enables it again.
"""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    gc.disable()

ON_DEMAND_INIT = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand") == "on-demand"
"""True for an on-demand cold start, where init is on the request path: build models and read CA certificates lazily.

False under SnapStart and provisioned concurrency: build them during init.
"""
