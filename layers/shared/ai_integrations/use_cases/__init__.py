"""What callers can do, and the ports through which the use cases reach the outside."""
