"""The bucket, and the rules that turn a path into one of its keys."""
