"""Wire formats shared by HTTP, events and CloudFormation: bodies, views, ids, problem documents."""
