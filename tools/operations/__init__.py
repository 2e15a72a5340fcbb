"""What operators do now and then, against any environment. Nothing here is deployed."""
