"""What the coordinator sends with the preview."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from groupvisits.core.forms import CommandForm
from groupvisits.core.language import lazy as _l


class InsteadForm(CommandForm):
    seen = HiddenField(validators=[InputRequired(), Length(max=64)])
    reason = StringField(
        _l("Why does the group not meet?"),
        validators=[InputRequired(_l("Say why the group does not meet.")), Length(max=200, message=_l("Use at most 200 characters."))],
    )
