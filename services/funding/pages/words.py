"""The words of funding's pages: its own beside those that all services share."""

from collections.abc import Mapping

from services.funding.pages import english, english_asking, french, french_asking
from shared.web.formats import Language
from shared.web.vocabulary import ENGLISH, FRENCH
from shared.web.words import Words

BY_LANGUAGE: Mapping[Language, Mapping[str, str]] = {
    Language.FRENCH: {**FRENCH, **french.WORDS, **french_asking.WORDS},
    Language.ENGLISH: {**ENGLISH, **english.WORDS, **english_asking.WORDS},
}


def words_in(language: Language) -> Words:
    """Return the words of a language."""
    return Words(language, BY_LANGUAGE[language])
