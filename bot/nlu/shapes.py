"""How details look: the shapes of numbers, addresses, amounts, dates and sizes, and their values.

Regular expressions and the form in which what they find is written, in one ordered table. spaCy's
side, and the products, are in `bot.nlu.entities`. An earlier shape keeps its characters: an IBAN is
not read as a card number, and a card number is not read as a telephone number. Personal data (IBAN,
card) is recognised even with a wrong check digit, because redaction relies on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

# --- normal forms; None means "not one after all" -------------------------------------------


def _order_number(match: re.Match[str]) -> str | None:
    return "NL-" + re.sub(r"\D", "", match["value"])


def _iban(match: re.Match[str]) -> str | None:
    return re.sub(r"[\s.-]", "", match["value"]).upper()


def _card(match: re.Match[str]) -> str | None:
    digits = re.sub(r"\D", "", match["value"])
    if not 13 <= len(digits) <= 19:
        return None
    grouped = re.fullmatch(r"\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}", match["value"]) is not None
    return digits if grouped or _luhn(digits) else None


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _phone(match: re.Match[str]) -> str | None:
    digits = re.sub(r"\D", "", match["value"])
    if not 8 <= len(digits) <= 15:
        return None
    return ("+" if match["value"].lstrip(" (").startswith("+") else "") + digits


def _money(match: re.Match[str]) -> str | None:
    amount = match["amount"]
    whole, cents = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", amount).groups()  # type: ignore[union-attr]
    amount = re.sub(r"[.,]", "", whole) + "." + (cents or "0")
    currency = _CURRENCIES.get((match["before"] or match["after"] or "").casefold(), "EUR")
    return f"{float(amount):.2f} {currency}"


def _size(match: re.Match[str]) -> str | None:
    value = re.sub(r"\s+", " ", match["value"]).upper().replace(",", ".")
    return _SIZE_WORDS.get(value, value)


def _lower(match: re.Match[str]) -> str | None:
    return " ".join(match["value"].casefold().split())


def _upper(match: re.Match[str]) -> str | None:
    return " ".join(match["value"].upper().split())


_IBAN_COUNTRIES = """
    AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GR27 HR21 HU28 IE22
    IS26 IT27 LI21 LT20 LU20 LV21 MT31 NL18 NO15 PL28 PT25 RO24 SE24 SI19 SK24
"""
_IBAN_LENGTHS = {pair[:2]: int(pair[2:]) for pair in _IBAN_COUNTRIES.split()}
_CURRENCIES = {
    sign: code
    for code, signs in {
        "EUR": "€ eur euro euros",
        "GBP": "£ gbp pound pounds quid",
        "USD": "$ usd dollars",
        "NOK": "kr kr. nok kroner",
        "SEK": "sek",
        "DKK": "dkk",
    }.items()
    for sign in signs.split()
}
_SIZE_WORDS = {
    **dict.fromkeys(("EXTRA SMALL", "EXTRA-SMALL", "X-SMALL", "X SMALL"), "XS"),
    **dict.fromkeys(("EXTRA LARGE", "EXTRA-LARGE", "X-LARGE", "X LARGE"), "XL"),
    "SMALL": "S",
    "MEDIUM": "M",
    "LARGE": "L",
    "2XL": "XXL",
}

# --- shapes ---------------------------------------------------------------------------------

_SIGN = r"(?:€|£|\$|eur|euros?|gbp|usd|nok|sek|dkk|kr\.?|kroner|pounds?|quid|dollars)"
_AMOUNT = r"(?:\d{1,3}(?:[.,]\d{3})+|\d{1,9})(?:[.,]\d{1,2})?(?!\d)"
_IBAN = "|".join(
    # Two letters, then as many characters as the country has, with or without spaces.
    rf"(?:{'|'.join(c for c, n in _IBAN_LENGTHS.items() if n == length)})\d{{2}}"
    rf"(?:[ .-]?[a-z0-9]){{{length - 4}}}(?![a-z0-9])"
    for length in sorted(set(_IBAN_LENGTHS.values()), reverse=True)
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_COUNT = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a few|a couple of|some)"
_LETTERS = r"(?:[2-5]xl|x{1,3}l|x{1,3}s|s|m|l)"
_CITIES = (
    r"(?:oslo|bergen|trondheim|stavanger|hamburg|berlin|m[uü]nchen|munich|k[oö]ln|cologne|bremen|"
    r"utrecht|amsterdam|rotterdam|den haag|the hague|eindhoven|gent|ghent|antwerpe?n?|brussels?|"
    r"bruxelles|brugge|leuven|paris|lyon|k[oø]benhavn|copenhagen|stockholm|wien|vienna)"
)


def _shape(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(pattern, flags)


@dataclass(frozen=True)
class Shape:
    """One way to write a kind of detail; the group `value` marks it within its surroundings."""

    kind: str
    pattern: re.Pattern[str]
    normal: Callable[[re.Match[str]], str | None]


SHAPES: tuple[Shape, ...] = (
    Shape("email", _shape(r"(?P<value>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4})"), _lower),
    Shape("iban", _shape(rf"(?<![a-z0-9])(?P<value>{_IBAN})"), _iban),
    # NL-10482, nl10482, nl 10482, NL–10482, NL_10482, NL#10482
    Shape("order_number", _shape(r"\b(?P<value>nl[\s_#:.‐‑–—-]{0,3}\d{5})(?!\d)"), _order_number),
    # Four groups of four (a fifth makes it something else); digits in a row; other groups
    Shape(
        "card_number",
        _shape(
            r"(?<![\d+])(?<!(?<!\d)\d{4}[ -])"
            r"(?P<value>\d{4}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4})"
            r"(?!\d|(?P=gap)\d{4}(?!\d))"
        ),
        _card,
    ),
    Shape("card_number", _shape(r"(?<![\d+])(?P<value>\d{13,19})(?!\d)"), _card),
    Shape(
        "card_number",
        _shape(r"(?<![\d+])(?<!\d[ -])(?P<value>\d(?:[ -]?\d){12,18})(?![ -]?\d)"),
        _card,
    ),
    Shape(
        "money",
        _shape(
            rf"(?P<value>(?P<before>{_SIGN})\s?(?P<amount>{_AMOUNT}))(?P<after>)(?![\d-])",
        ),
        _money,
    ),
    Shape(
        "money",
        _shape(
            rf"(?<![\w.,])(?P<value>(?P<amount>{_AMOUNT})(?:,-)?\s?(?P<before>)"
            rf"(?P<after>{_SIGN}))(?!\w)"
        ),
        _money,
    ),
    Shape("date", _shape(r"\b(?P<value>\d{4}-\d{1,2}-\d{1,2})\b"), _lower),
    Shape("date", _shape(r"(?<![\d.])(?P<value>\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2}))\b"), _lower),
    Shape(
        "date",
        _shape(
            rf"\b(?P<value>\d{{1,2}}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{_MONTH}(?:\s+\d{{4}})?|"
            rf"{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?)\b"
        ),
        _lower,
    ),
    Shape(
        "date",
        _shape(
            rf"\b(?P<value>(?:the\s+)?day\s+(?:before\s+yesterday|after\s+tomorrow)|yesterday|today|"
            rf"tonight|tomorrow|(?:last|this|next|on|by|since)\s+(?:{_WEEKDAY}|week|weekend|month|"
            rf"year)|{_WEEKDAY}|{_COUNT}\s+(?:days?|weeks?|months?)\s+(?:ago|back))\b"
        ),
        _lower,
    ),
    # order 10482, order number: 10482, #10482; or nothing but the number
    Shape(
        "order_number",
        _shape(
            r"(?:\border(?:\s?(?:number|no|nr|num|id|ref))?[\s.:#=]{0,3}(?:is\s|=\s)?|#\s?)"
            r"(?P<value>\d{5})(?![\d-])"
        ),
        _order_number,
    ),
    Shape("order_number", _shape(r"\A[\s.:#'\"]*(?P<value>\d{5})[\s.!?'\"]*\Z"), _order_number),
    Shape(
        "phone",
        _shape(
            r"(?<![\w+])(?P<value>(?:\+|00)\d{1,3}[\s./-]?(?:\(0\)\s?)?\d(?:[\s./()-]{0,2}\d){6,12})"
            r"(?!\d| \d{4}(?!\d))"
        ),
        _phone,
    ),
    Shape(
        "phone",
        _shape(
            r"(?<![\w+-])(?P<value>\(?0\d{1,4}\)?[\s./-]?\d(?:[\s./-]?\d){5,9})(?!\d| \d{4}(?!\d))"
        ),
        _phone,
    ),
    Shape(
        "phone",
        _shape(
            r"\b(?:phone|telephone|tel|mobile|cell|call me (?:on|at)|reach me (?:on|at)|whatsapp)"
            r"\b\D{0,20}(?P<value>\d(?:[\s./-]?\d){7,12})(?!\d)"
        ),
        _phone,
    ),
    Shape(
        "postcode",
        _shape(
            r"\b(?:postcode|post code|postal code|zip(?: ?code)?|plz|postnummer)\b\D{0,12}?"
            r"(?P<value>\d{4,5}(?:\s?[a-z]{2}\b)?|[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2})\b"
        ),
        _upper,
    ),
    Shape("postcode", _shape(rf"\b(?P<value>\d{{4,5}})\s+{_CITIES}\b"), _upper),
    Shape(
        "postcode", _shape(r"\b(?P<value>[1-9]\d{3}\s?(?!SA|SD|SS|EU|KM|KR)[A-Z]{2})\b", 0), _upper
    ),
    Shape("postcode", _shape(r"\b(?P<value>[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2})\b", 0), _upper),
    # five digits in a sentence: the shop's numbers are the likeliest reading
    Shape(
        "order_number", _shape(r"(?<![\w.,@/+-])(?P<value>\d{5})(?![\w@/-]|[.,]\d)"), _order_number
    ),
    Shape("size", _shape(r"\b(?P<value>w\d{2}\s?[/x-]?\s?l\d{2})\b"), _upper),
    Shape(
        "size",
        _shape(
            rf"\b(?:sizes?|sz|maat|gr\.|gr[oö](?:ß|ss)e|str\.?|eu|uk)\s?(?:is\s|of\s|number\s|:\s?|an?\s)?"
            rf"(?P<value>{_LETTERS}|\d{{2}}[/-]\d{{2}}|\d{{1,3}}(?:[.,]5)?|(?:extra[ -]|x[ -])?"
            rf"(?:small|large)|medium)\b"
        ),
        _size,
    ),
    Shape(
        "size",
        _shape(
            rf"\b(?P<value>{_LETTERS}|\d{{2}}[/-]\d{{2}}|\d{{2}}(?:[.,]5)?|small|medium|large)\s"
            r"(?=size\b|instead\b)"
        ),
        _size,
    ),
    Shape(
        "size",
        _shape(
            rf"\binstead of\s(?:an?\s|the\s)?"
            rf"(?P<value>{_LETTERS}|[34]\d(?:[.,]5)?|small|medium|large)\b"
        ),
        _size,
    ),
    Shape(
        "size",
        _shape(
            r"\b(?:in|an?|the|to|for|between|or|and|from|wear|wearing|my|is|usually|currently|have)\s"
            r"(?P<value>[2-5]xl|x{1,3}l|x{1,3}s|(?:extra[ -]|x[ -])(?:small|large)|medium)\b"
        ),
        _size,
    ),
    Shape("size", _shape(r"\b(?P<value>[2-5]XL|X{1,3}L|X{1,3}S)\b", 0), _size),
    Shape(
        "size",
        _shape(
            r"\bsize\s\d{2}(?:[.,]5)?\s(?:or|and|to|instead of|not|for)\s(?:an?\s)?"
            r"(?P<value>\d{2}(?:[.,]5)?)\b"
        ),
        _size,
    ),
    # A lone capital letter; "32 L" is a volume, "I'M" a word.
    Shape("size", _shape(r"(?<![\w'’&.-])(?<!\d\s)(?P<value>[SML])(?![\w'’&-])(?!\.\w)", 0), _size),
    Shape(
        "size",
        _shape(
            rf"\A[\s.,'\"]*(?:an?\s|the\s)?(?P<value>{_LETTERS}|(?:extra[ -])?(?:small|large)|"
            rf"medium|[34]\d(?:[.,]5)?)(?:\splease|\spls)?[\s.,!'\"]*\Z"
        ),
        _size,
    ),
)


@dataclass(frozen=True)
class Found:
    """One detail: `value` is its normal form, `start` and `end` its place in the text."""

    kind: str
    value: str
    start: int
    end: int


def find_shapes(text: str) -> list[Found]:
    """Every detail that has a shape, in the table's order."""
    taken = [False] * len(text)
    details: list[Found] = []
    for shape in SHAPES:
        for match in shape.pattern.finditer(text):
            start, end = match.span("value")
            if any(taken[start:end]):
                continue
            value = shape.normal(match)
            if value is None:
                continue
            taken[start:end] = [True] * (end - start)
            details.append(Found(shape.kind, value, start, end))
    return details
