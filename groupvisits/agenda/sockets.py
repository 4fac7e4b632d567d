"""The agenda's live commands, by socket and by POST."""

from flask import Flask

from groupvisits.agenda import forms, service
from groupvisits.core.doors import live_command


def init_app(app: Flask) -> None:
    live_command(app, "agenda:propose", form=forms.ProposeForm, verb=service.propose_topic)
    live_command(app, "agenda:support", form=forms.SupportForm, verb=service.support_topic)
    live_command(app, "agenda:take_back", form=forms.TopicForm, verb=service.take_back)
    live_command(app, "agenda:propose_for", form=forms.ProposeForForm, verb=service.propose_for)
    live_command(app, "agenda:plan", form=forms.ActForm, verb=service.plan_topic)
    live_command(app, "agenda:order", form=forms.OrderForm, verb=service.order_topics)
    live_command(app, "agenda:start", form=forms.TimeBoxForm, verb=service.start_topic)
    live_command(app, "agenda:extend", form=forms.TimeBoxForm, verb=service.extend_topic)
    live_command(app, "agenda:finish", form=forms.FinishForm, verb=service.finish_topic)
    live_command(app, "agenda:park", form=forms.ReasonForm, verb=service.park_topic)
    live_command(app, "agenda:decline", form=forms.ReasonForm, verb=service.decline_topic)
    live_command(app, "agenda:ask_privately", form=forms.ActForm, verb=service.ask_privately)
    live_command(app, "agenda:show", form=forms.ActForm, verb=service.show_topic)
    live_command(app, "agenda:show_supports", form=forms.ShowSupportsForm, verb=service.show_supports)
    live_command(app, "agenda:suggest_words", form=forms.SuggestForm, verb=service.suggest_words)
    live_command(app, "agenda:still_matters", form=forms.StillMattersForm, verb=service.say_still_matters)
    live_command(app, "agenda:agree_words", form=forms.AgreeForm, verb=service.agree_words)
    live_command(app, "agenda:reword", form=forms.RewordForm, verb=service.reword_topic)
    live_command(app, "agenda:route", form=forms.RouteForm, verb=service.route_topic)
    live_command(app, "agenda:merge", form=forms.MergeForm, verb=service.merge_topics)
    live_command(app, "agenda:unmerge", form=forms.ActForm, verb=service.unmerge_topic)
    live_command(app, "agenda:keep_apart", form=forms.TopicForm, verb=service.keep_apart)
    live_command(app, "agenda:split", form=forms.SplitForm, verb=service.split_topic)
    live_command(app, "agenda:unsplit", form=forms.ActForm, verb=service.unsplit_topic)
    live_command(app, "agenda:translate", form=forms.TranslateForm, verb=service.translate_topic)
    live_command(app, "agenda:drop_translation", form=forms.LanguageForm, verb=service.drop_translation)
