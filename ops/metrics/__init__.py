"""What is counted and measured, over all workers together, and how Prometheus gets to see it."""
