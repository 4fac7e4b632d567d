"""Papers to print and files to exchange; backups that are known to restore."""

from flask import Flask


def init_app(app: Flask) -> None:
    from groupvisits.interop import backup, views

    app.register_blueprint(views.bp)
    app.cli.add_command(backup.backup_command)
    app.cli.add_command(backup.restore_command)
