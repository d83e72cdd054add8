"""How records get from the workers to the sinks: through one process of their own, which no worker waits for."""
