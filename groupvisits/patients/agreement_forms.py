"""The shape of agreements: a text per language, a signature with its answers, a withdrawal. Which fields there are depends on the text."""

from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from groupvisits.core.forms import BaseForm, CommandForm, SelectChoice
from groupvisits.core.language import LANGUAGES
from groupvisits.core.language import lazy as _l
from groupvisits.patients.rules.agreements import CONSENTS, MAX_SIGNER_NAME, MONTHS

# key -> (what is asked, what follows from it)
CONSENT_WORDS = {
    "name_on_screens": (
        _l("May your first name, or the name you chose, stand on screens in the room?"),
        _l("If you say no, screens say “Guest” instead."),
    ),
    "results_on_board": (_l("May your results stand on a board that the group shares?"), _l("If you say no, only your clinicians see them.")),
    "contact_by_peers": (_l("May other people of the group contact you?"), _l("This page gives nobody your number or address.")),
}
_YES_OR_NO = [("yes", _l("Yes")), ("no", _l("No"))]
_TOO_LONG = _l("This is too long.")


def _question(key: str) -> Any:
    # No answer is chosen for anybody, and each one that is missing is said beside its question, all at once.
    missing = InputRequired(_l("Choose yes or no. Both are fine."))
    return RadioField(CONSENT_WORDS[key][0], choices=[SelectChoice(*c) for c in _YES_OR_NO], validate_choice=False, validators=[missing, Length(max=3)])


class AgreementTextForm(CommandForm):
    """One box for each language that the clinic offers, which consents are asked, and for how long a signature is valid."""

    ask_name_on_screens = BooleanField(_l("First name or alias on screens in the room"))
    ask_results_on_board = BooleanField(_l("Results on a board that the group shares"))
    ask_contact_by_peers = BooleanField(_l("Contact by other people of the group"))
    valid_months = IntegerField(
        _l("A signature is valid for how many months?"),
        validators=[InputRequired(_l("Enter a number of months from 1 to 60.")), NumberRange(*MONTHS, message=_l("Enter a number of months from 1 to 60."))],
    )
    seen = HiddenField(default="0", validators=[Length(max=9)])

    @classmethod
    def of(cls, languages: dict[str, str], **kwargs: Any) -> Any:
        fields: dict[str, Any] = {
            f"text_{code}": TextAreaField(name, default="", validators=[Optional(), Length(max=20000, message=_TOO_LONG)]) for code, name in languages.items()
        }
        if "data" in kwargs:
            kwargs["data"] |= {f"ask_{key}": key in kwargs["data"].get("consents", ()) for key in CONSENTS}
        return type(cls.__name__, (cls,), fields)(**kwargs)

    def written(self) -> dict[str, Any]:
        texts = {name.removeprefix("text_"): field.data or "" for name, field in self._fields.items() if name.startswith("text_")}
        asked, seen = [key for key in CONSENTS if self._fields[f"ask_{key}"].data], self.seen.data or ""
        return {
            "texts": texts,
            "consents": asked,
            "valid_months": self.valid_months.data,
            "seen": int(seen) if seen.isascii() and seen.isdigit() else 0,
        }


class _Signed(BaseForm):
    text_id = HiddenField(validators=[Length(max=36)])
    signer_name = StringField(_l("Your name, as your signature"), default="", validators=[Length(max=MAX_SIGNER_NAME, message=_TOO_LONG)])

    def answers(self) -> dict[str, str]:
        return {key: self._fields[key].data or "" for key in CONSENTS if key in self._fields}


class SignatureForm(_Signed):
    """A patient's own signature. Signing the same again changes nothing, so it needs no id of its own."""

    language = HiddenField(default="", validators=[Length(max=8)])
    signer_name = StringField(
        _l("Your name, as your signature"),
        default="",
        validators=[InputRequired(_l("Enter your name. It is your signature.")), Length(max=MAX_SIGNER_NAME, message=_TOO_LONG)],
    )

    @classmethod
    def of(cls, asked: list[str], **kwargs: Any) -> Any:
        return type(cls.__name__, (cls,), {key: _question(key) for key in CONSENTS if key in asked})(**kwargs)

    def signed(self) -> dict[str, Any]:
        return {"text_id": self.text_id.data or "", "language": self.language.data or "", "signer_name": self.signer_name.data or "", "answers": self.answers()}


class EnteredSignatureForm(_Signed, CommandForm):
    """What somebody signed on paper or on the clinic's tablet."""

    who = SelectField(_l("Who signed?"), validate_choice=False, validators=[InputRequired(_l("Choose who signed."))])
    signer_name = StringField(_l("Name, as it was signed"), default="", validators=[Optional(), Length(max=MAX_SIGNER_NAME, message=_TOO_LONG)])
    way = RadioField(
        _l("Where did they sign?"), choices=[SelectChoice("paper", _l("On paper")), SelectChoice("tablet", _l("On the clinic's tablet"))], default="paper",
    )  # fmt: skip
    language = SelectField(_l("In which language did they read it?"), validate_choice=False)

    @classmethod
    def of_group(cls, found: Any, **kwargs: Any) -> Any:
        text = found.programme.text
        fields = {key: _question(key) for key in CONSENTS if text and key in text.consents}
        form: Any = type(cls.__name__, (cls,), fields)(**kwargs)
        people = [SelectChoice(line.who, f"{line.name} ({SIGNER_WORDS[line.signer]})") for line in found.lines]
        form.who.choices = [SelectChoice("", _l("Choose a person")), *people, SelectChoice("observer", _l("An observer, whose name you enter below"))]
        form.language.choices = [SelectChoice(code, LANGUAGES.get(code, code)) for code in (text.words if text else {})]
        return form

    def signed(self) -> dict[str, Any]:
        return {
            "text_id": self.text_id.data or "", "who": self.who.data or "", "way": self.way.data or "", "language": self.language.data or "",
            "signer_name": self.signer_name.data or "", "answers": self.answers(),
        }  # fmt: skip


SIGNER_WORDS = {"patient": _l("patient"), "care_partner": _l("care partner"), "observer": _l("observer")}


class WithdrawalForm(BaseForm):
    signature_id = StringField(validators=[InputRequired(), Length(max=36)])
