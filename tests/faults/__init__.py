"""What happens to a server that is killed, stopped, started twice or cannot write."""
