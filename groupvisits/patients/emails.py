"""What patients are sent: in their language, without any person's name, visit or reason, because others may read it too."""

from flask_babel import force_locale, gettext


def link_message(clinic_name: str, clinic_phone: str, language: str, address: str) -> tuple[str, str]:
    """(subject, text) of the message with a single-use link."""
    with force_locale(language):
        lines = [
            gettext("Hello,"),
            "",
            gettext("this is your own link to your pages at %(clinic)s:", clinic=clinic_name),
            "",
            address,
            "",
            gettext("The link works once. Please do not pass it on."),
            gettext("You did not expect this? Then you do not need to do anything."),
        ]
        if clinic_phone:
            lines.append(gettext("Questions? Call %(phone)s.", phone=clinic_phone))
        return gettext("Your link from %(clinic)s", clinic=clinic_name), "\n".join([*lines, "", clinic_name])
