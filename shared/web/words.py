"""A page's words in one language, and how they are put together with figures."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from shared.web import formats
from shared.web.formats import HARD, THIN, Language


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; `say` fills a sentence, escaping what is put in unless it is markup already."""

    language: Language
    texts: Mapping[str, str]

    def say(self, key: str, **values: object) -> Markup:
        """Return a sentence; French keeps its high punctuation on the line of the word before."""
        text = self.texts[key]
        if self.language is Language.FRENCH:
            for mark in (":", ";", "?", "!"):
                text = text.replace(f" {mark}", f"{HARD}{mark}")
        return escape(text).format(thin=THIN, **values)

    def count(self, number: int, what: str) -> Markup:
        """Return a number and what it counts: 12 demandes; `what` names two words, `…_one` and `…_several`."""
        unit = formats.counted(number, self.texts[f"{what}_one"], self.texts[f"{what}_several"], self.language)
        return Markup("{}{}{}").format(formats.whole(number, self.language), HARD, unit)

    def years(self, months: int) -> Markup:
        """Write an age in years: 3 ans, 1 year."""
        return self.count(months // 12, "year")


def strong(text: str) -> Markup:
    """Mark a figure in a sentence."""
    return Markup("<strong>{}</strong>").format(text)
