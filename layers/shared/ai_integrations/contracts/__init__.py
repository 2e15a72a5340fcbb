"""Wire formats that HTTP, the event bus, CloudFormation and direct invocations share."""
