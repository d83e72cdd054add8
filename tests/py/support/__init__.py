"""What tests stand on: real stores, a relay that scripts the wire, the server, an HTTP client that hides nothing."""
