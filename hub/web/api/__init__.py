"""The JSON API under /api/v1: the same truth as the pages, described by the OpenAPI document that it serves itself.

Values are integers in the channel's scale (value × 10**scale of the unit), times are unix seconds. To act, a client
takes `csrf_token` from /api/v1/session, sends it as `X-CSRFToken` with every change, and signs in by POST to the same
address, or with the page's form.
"""

from flask import Flask

from hub.web.api import checks, commands, document, fleet, nodes, recipes, series, session, state, stop, updates


def register(app: Flask) -> None:
    for module in (state, nodes, recipes, series, commands, checks, fleet, updates, stop, session, document):
        app.register_blueprint(module.pages, url_prefix="/api/v1")
