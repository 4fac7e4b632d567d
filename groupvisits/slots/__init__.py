"""The one-on-one timetable and board: call, acknowledge, start, finish."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Open this package's doors and register what it listens to."""
    from groupvisits.core.doors import live_command
    from groupvisits.sessions.events import CheckInUndone, SeatArrived, SeatFreed, SeatLeftEarly, SessionCancelled, SessionClosed, SessionOpened
    from groupvisits.slots import forms, service, views
    from groupvisits.slots.instead import views as instead

    # What a higher package writes about a one-on-one: (db, viewer, session_id) -> {slot id: views.Document}. The board shows and links it.
    app.extensions["slot_documents"] = None
    app.register_blueprint(views.bp)
    app.register_blueprint(instead.bp)
    live_command(app, "slots:plan", form=forms.PlanForm, verb=service.plan_slots)
    live_command(app, "slots:call", form=forms.SlotForm, verb=service.call)
    live_command(app, "slots:call_next", form=forms.CallNextForm, verb=service.call_next)
    live_command(app, "slots:answer", form=forms.AnswerForm, verb=service.answer)
    live_command(app, "slots:tell", form=forms.SlotForm, verb=service.tell)
    live_command(app, "slots:start", form=forms.SlotForm, verb=service.start)
    live_command(app, "slots:finish", form=forms.SlotForm, verb=service.finish)
    live_command(app, "slots:missed", form=forms.SlotForm, verb=service.missed)
    listeners = app.extensions["listeners"]
    listeners.within(SessionOpened, service.on_session_opened)
    listeners.within(SeatArrived, service.on_session_opened)
    listeners.within(CheckInUndone, service.on_seat_left)
    listeners.within(SeatFreed, service.on_seat_left)
    listeners.within(SeatLeftEarly, service.on_seat_left)
    listeners.within(SessionClosed, service.on_session_ended)
    listeners.within(SessionCancelled, service.on_session_ended)
