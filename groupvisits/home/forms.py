"""The search box of the coordinator's home."""

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from groupvisits.core.forms import BaseForm
from groupvisits.core.language import lazy as _l


class SearchForm(BaseForm):
    """By POST, so that no name stands in an address."""

    words = StringField(
        _l("Find a patient or group"),
        validators=[
            InputRequired(_l("Enter at least two letters.")),
            Length(min=2, message=_l("Enter at least two letters.")),
            Length(max=80, message=_l("Type less: a part of the name is enough.")),
        ],
    )
