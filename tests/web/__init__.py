"""What the web room answers."""
