"""How programs get to act for people, tried as programs and browsers do it."""
