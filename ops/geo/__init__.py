"""Where clients are: asked of mmdb-ws, or read in a MaxMind database."""
