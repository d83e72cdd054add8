"""What HTTP says, as pure functions over bytes and str: no clock, no I/O, nothing else of the project."""
