"""What is entered about who comes together and who comes along."""

from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, Optional

from groupvisits.core.forms import BaseForm, CommandForm
from groupvisits.core.language import lazy as _l
from groupvisits.patients.rules import company, person


class OtherSearchForm(BaseForm):
    words = StringField(
        _l("Find the other patient"), [InputRequired(_l("Enter a name or a record number.")), Length(max=100, message=_l("Use at most 100 characters."))]
    )


class PairForm(CommandForm):
    other_id = StringField(validators=[InputRequired(), Length(max=32)])


class CarePartnerForm(CommandForm):
    name = StringField(_l("Name"), [InputRequired(_l("Enter the name.")), Length(max=person.MAX_NAME, message=_l("Use at most 80 characters."))])
    relation = StringField(_l("Relation"), [Optional(), Length(max=company.MAX_RELATION, message=_l("Use at most 40 characters."))])
    usually_comes = BooleanField(_l("Usually comes along"))
