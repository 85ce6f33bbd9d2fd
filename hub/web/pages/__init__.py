"""Pages: one blueprint per noun, all of them HTML that works without JavaScript; registered by create_app."""

from flask import Flask

from hub.web.pages import (
    checkups,
    fleet,
    helping,
    home,
    more,
    node_care,
    node_settings,
    nodes,
    orders,
    people,
    probes,
    rules,
    set_up,
    sign_in,
    stop,
    updates,
    wifi,
    zones,
)


def register(app: Flask) -> None:
    for module in (
        home,
        zones,
        orders,
        stop,
        nodes,
        fleet,
        updates,
        checkups,
        node_care,
        rules,
        node_settings,
        probes,
        wifi,
        sign_in,
        set_up,
        people,
        more,
        helping,
    ):
        app.register_blueprint(module.pages)
