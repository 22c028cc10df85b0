"""Which details does a message hold? Order numbers, addresses, amounts, dates, sizes, products.

A blank English spaCy pipeline: its tokenizer, one component of ours that finds details by their
shape (`bot.nlu.shapes`), and spaCy's EntityRuler for the words of the shop, which come from the
training data. Rasa's side is in `entity_components`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from bot.nlu.shapes import Found, find_shapes
from bot.spelling import Spelling

KINDS = (
    "email",
    "iban",
    "card_number",
    "order_number",
    "money",
    "date",
    "phone",
    "postcode",
    "size",
    "product",
)
"""Every kind of entity."""

SHORTEST_MISSPELT = 5
"""Letters of a word that may be a misspelt product: shorter ones have too many neighbours."""

READ_CHARACTERS = 5_000
"""Longer texts are read up to here: what follows is pasted, and time stays bounded."""


Doc.set_extension("details", default=None, force=True)


@Language.component("deskhand_shapes")
def _find_shapes(doc: Doc) -> Doc:
    """Sets `doc.ents` and `doc._.details` (every `Found`) from the shapes."""
    details = find_shapes(doc.text)
    doc._.details = details
    spans = [doc.char_span(d.start, d.end, label=d.kind, alignment_mode="expand") for d in details]
    doc.set_ents(filter_spans(spans))
    return doc


class DetailFinder:
    """Finds every kind of detail in a text."""

    def __init__(
        self, products: Iterable[str] = (), known: Callable[[str], bool] | None = None
    ) -> None:
        """`products` are the shop's words for things: found in singular and plural, in any case,
        written apart, together or with a hyphen, as whole words; longer names win.

        `known` says whether a word is a right one, whatever it means. With it, misspelt products
        are found too ("slepping bag"); without it none is guessed.
        """
        self._pipeline = spacy.blank("en")
        self._pipeline.add_pipe("deskhand_shapes")
        ruler = self._pipeline.add_pipe(
            "entity_ruler", config={"phrase_matcher_attr": "NORM", "overwrite_ents": False}
        )
        names = dict.fromkeys(" ".join(name.casefold().split()) for name in products)
        forms = {form: name for name in names for form in _forms(name)}
        patterns = [{"label": "product", "pattern": f, "id": name} for f, name in forms.items()]
        ruler.add_patterns(patterns)  # type: ignore[attr-defined]
        self._known = known
        self._spelling = Spelling(Counter(word for form in forms for word in form.split()))

    def find(self, text: str) -> list[Found]:
        """Every detail in the text, in the order of their places."""
        doc = self._pipeline.make_doc(text[:READ_CHARACTERS])
        for token in doc:
            # What the ruler compares: the word that was meant, in lower case.
            token.norm_ = self._meant(token.lower_)
        doc = self._pipeline(doc)
        details: list[Found] = list(doc._.details)
        details += [_product(span) for span in doc.ents if span.label_ == "product"]
        return sorted(details, key=lambda found: (found.start, found.end))

    def _meant(self, word: str) -> str:
        if self._known is None or len(word) < SHORTEST_MISSPELT or not word.isalpha():
            return word
        return self._spelling.meant(word, self._known) or word


def _forms(name: str) -> Iterator[str]:
    """How a name is written: in singular and plural, as several words or one."""
    for form in (name, _plural(name)):
        yield form
        if " " in form:
            yield form.replace(" ", "")
            yield form.replace(" ", "-")


def _plural(name: str) -> str:
    if name.endswith("s"):
        return name
    for ending, plural in (("fe", "ves"), ("rf", "rves"), ("ch", "ches"), ("sh", "shes")):
        if name.endswith(ending):
            return name.removesuffix(ending) + plural
    return name + ("es" if name.endswith("x") else "s")


def _product(span: Span) -> Found:
    return Found("product", span.ent_id_ or span.text.casefold(), span.start_char, span.end_char)


def as_rasa(details: Sequence[Found]) -> list[Mapping[str, object]]:
    """The details as Rasa's parse result writes entities."""
    return [{"entity": d.kind, "value": d.value, "start": d.start, "end": d.end} for d in details]
