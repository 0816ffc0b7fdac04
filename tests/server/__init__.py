"""The server as strangers meet it: real sockets, hostile bytes."""
