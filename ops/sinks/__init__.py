"""Where records go: each sink writes batches of them to one place."""
