"""The whole service on one machine: the real template on an emulator of AWS, its functions in Lambda's own client.

Nothing here is deployed. `python -m local up` tells the story in `stack.py`.
"""
