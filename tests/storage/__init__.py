"""What the storage engine promises, on both databases."""
