"""HTTP in, HTTP out: the client API, the endpoints other servers call, sign-in with OAuth, and pages."""

__fedcomm__ = True
