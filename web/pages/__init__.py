"""Pages for people with a browser: server-rendered, readable without JavaScript and mostly without signing in."""
