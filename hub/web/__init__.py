"""The page: the hub as a web site for the farm's phones, without a byte from outside; made by the command line.

words/      every sentence, in Vietnamese and English
here        the present request: hub, person, language, time
verdict     is this zone all right, and why
machines    an actuator in words, and what was asked of it
rules       a rule in words; recipe_view: which recipe a node should run and runs
rule_forms  a rule as fields; rule_reading: what was typed; ready_form: the numbers of a ready-made recipe
checkup     a technician's check in words; fleet_view, update_view: what nodes run, and how far an update is
trends      what the numbers did in the last hour
chart       a day, week, month or year as SVG; table the same as numbers
pages/      one blueprint per noun        api/  the same as JSON, with its OpenAPI document
delivery    compressed, cached, small     security  hosts, roles, forged forms, headers
server      the production server around it all
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from flask import Flask
from werkzeug.routing import IntegerConverter

from hub.service import Hub
from hub.web import api, delivery, failures, pages, security, templating
from hub.web.here import Site
from hub.web.trends import Trends
from hub.web.words import WHOLE


class StoredNumber(IntegerConverter):
    """A number in an address, no larger than the store can hold; a larger one names nothing (404)."""

    regex = WHOLE.pattern


def create_app(hub: Hub, *, names: Iterable[str] = ()) -> Flask:
    """The WSGI application of one hub. `names`: host names under which it may be asked for, besides its own."""
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(
        SECRET_KEY=hub.people.cookie_key,
        SESSION_COOKIE_NAME="nhavuon",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=64 * 1024,
    )
    app.url_map.converters["int"] = StoredNumber
    app.extensions["nhavuon"] = Site(hub, Trends(hub), secrets.token_hex(3))
    security.protect(app, names)
    delivery.set_up(app)
    templating.set_up(app)
    failures.set_up(app)
    pages.register(app)
    api.register(app)
    return app
