"""How programs come to act for people: applications, consent, tokens (RFC 6749, RFC 7636, RFC 8414)."""
