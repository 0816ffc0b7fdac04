"""From rows to the JSON that clients expect."""
