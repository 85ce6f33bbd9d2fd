"""The JSON API under /api/v1: the same truth as the pages, described by the OpenAPI document that it serves itself.

Values are integers in the channel's scale (value × 10**scale of the unit), times are unix seconds. To act, a client
takes `csrf_token` from /api/v1/session, signs in with the page's form, and sends the token as `X-CSRFToken`.
"""

from flask import Flask

from hub.web.api import commands, document, nodes, recipes, series, session, state, stop


def register(app: Flask) -> None:
    for module in (state, nodes, recipes, series, commands, stop, session, document):
        app.register_blueprint(module.pages, url_prefix="/api/v1")
