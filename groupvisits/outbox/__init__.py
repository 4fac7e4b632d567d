"""Messages to people, waiting to be sent: written in the transaction of the act that causes them, sent by a worker afterwards."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.outbox import commands, service
    from groupvisits.outbox.transports import transport_for

    app.cli.add_command(commands.outbox)
    app.extensions["ticks"].append((5, lambda: service.deliver_due(transport_for(app.extensions["config"]))))
