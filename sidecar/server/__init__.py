"""Everything that knows Sanic: protocol, handlers, lifecycle, logs."""
