"""Rules of calls: the operation exists, its arguments fit, and its service has an address and credentials."""
