"""The shape of what is entered about messages and calls."""

from typing import Any

from flask_babel import gettext
from wtforms import DateField, StringField
from wtforms.validators import AnyOf, Length, Optional, ValidationError

from groupvisits.core.forms import BaseForm, CommandForm
from groupvisits.core.language import lazy as _l


def _is_in_our_time(_form: Any, field: Any) -> None:
    if field.data is not None and not 2000 <= field.data.year < 2200:
        raise ValidationError(gettext("Choose a day of this century."))


class DayForm(BaseForm):
    """By GET: which visits' messages to show."""

    day = DateField(_l("Day of the visit"), validators=[Optional(), _is_in_our_time])


class CallForm(CommandForm):
    outcome = StringField(validators=[AnyOf(("yes", "no", "told", "not_reached"))])
    over_maximum_reason = StringField(validators=[Optional(), Length(max=200)])
