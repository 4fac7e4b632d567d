"""The shape of what is entered about messages and calls."""

from wtforms import DateField, StringField
from wtforms.validators import AnyOf, Length, Optional

from groupvisits.core.forms import BaseForm, CommandForm
from groupvisits.core.language import lazy as _l


class DayForm(BaseForm):
    """By GET: which visits' messages to show."""

    class Meta(BaseForm.Meta):
        csrf = False

    day = DateField(_l("Day of the visit"), validators=[Optional()])


class CallForm(CommandForm):
    outcome = StringField(validators=[AnyOf(("yes", "no", "told", "not_reached"))])
    over_maximum_reason = StringField(validators=[Optional(), Length(max=200)])
