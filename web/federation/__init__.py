"""What other servers call: actors, objects, collections, the inbox, and how they find them."""
