"""What other servers are told."""
