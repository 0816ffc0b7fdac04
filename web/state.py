"""The running app behind a request."""

from starlette.requests import Request

from fedcomm.app import App

KEY = "fedcomm.app"


def app_of(request: Request) -> App:
    """The app that answers this request."""
    app: App = request.scope[KEY]
    return app
