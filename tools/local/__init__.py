"""Run the whole service on one machine: the real template on an AWS emulator, with Lambda's own runtime client.

Nothing here is deployed. Start reading at `stack.up`, which is `make local`.
"""
