"""A small Internet of our own: certificates, names and servers, on loopback or in a network namespace."""
