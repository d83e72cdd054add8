"""Where stored responses live: metadata in aiocache, bodies in files."""
