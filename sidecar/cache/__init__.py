"""What is stored, whether it may be used, and one fill per key."""
