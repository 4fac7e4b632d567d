"""Which language a roster means, written as a code or as a name in one of the tongues that clinics' files are kept in."""

import re

from groupvisits.patients.rules.person import fold

# Code, the language's own name, and how files call it in English, Spanish, Portuguese, French and Haitian Creole.
_TABLE = (
    ("en", "English", "eng english ingles anglais angle anglè"),
    ("es", "Español", "spa spanish espanol castellano castilian espanhol espagnol panyol"),
    ("pt", "Português", "por portuguese portugues portugais potige brazilian"),
    ("ht", "Kreyòl ayisyen", "hat haitian creole kreyol criollo haitiano crioulo ayisyen"),
    ("fr", "Français", "fra fre french frances francais franse"),
    ("zh", "中文", "chi zho chinese mandarin cantonese chino chines chinois chinwa"),
    ("vi", "Tiếng Việt", "vie vietnamese vietnamita vietnamien"),
    ("ru", "Русский", "rus russian ruso russo russe"),
    ("ar", "العربية", "ara arabic arabe arab"),
    ("km", "ខ្មែរ", "khm khmer cambodian camboyano cambojano"),
    ("hi", "हिन्दी", "hin hindi"),
    ("ne", "नेपाली", "nep nepali"),
    ("bn", "বাংলা", "ben bengali bangla"),
    ("ko", "한국어", "kor korean coreano coreen"),
    ("ja", "日本語", "jpn japanese japones japonais"),
    ("tl", "Tagalog", "tgl fil tagalog filipino"),
    ("so", "Soomaali", "som somali"),
    ("am", "አማርኛ", "amh amharic amarico"),
    ("sw", "Kiswahili", "swa swahili suajili"),
    ("uk", "Українська", "ukr ukrainian ucraniano ukrainien"),
    ("pl", "Polski", "pol polish polaco polonais"),
    ("it", "Italiano", "ita italian italiano italien"),
    ("de", "Deutsch", "deu ger german aleman alemao allemand"),
    ("el", "Ελληνικά", "ell gre greek griego grego grec"),
    ("fa", "فارسی", "fas per persian farsi dari persa"),
    ("cv", "Kabuverdianu", "kea kabuverdianu caboverdiano"),
)
NAMES = {code: name for code, name, _ in _TABLE}
_CODES = {fold(word): code for code, name, words in _TABLE for word in (code, name, *words.split())}
_CODES |= {"cape verdean": "cv", "cape verdean creole": "cv", "haitian creole": "ht", "kreyol ayisyen": "ht", "asl": "", "american sign language": ""}


def read_language(text: str) -> str:
    """The code of the language, or "" if the text names none we know ("Spanish; Castilian" and "pt-BR" are known)."""
    said = fold(text)
    if said in _CODES:
        return _CODES[said]
    head = said.replace("_", "-").split("-")[0].strip()
    if head in _CODES:
        return _CODES[head]
    found = {_CODES[word] for word in re.findall(r"\w{4,}", said) if word in _CODES}
    return found.pop() if len(found) == 1 else ""
