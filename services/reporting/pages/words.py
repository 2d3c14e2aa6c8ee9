"""The words of reporting's pages: its own beside those that all services share."""

from collections.abc import Mapping

from services.reporting.pages import english, french, grants_words
from shared.web.formats import Language
from shared.web.vocabulary import ENGLISH, FRENCH
from shared.web.words import Words

BY_LANGUAGE: Mapping[Language, Mapping[str, str]] = {
    Language.FRENCH: {**FRENCH, **french.WORDS, **grants_words.FRENCH},
    Language.ENGLISH: {**ENGLISH, **english.WORDS, **grants_words.ENGLISH},
}


def words_in(language: Language) -> Words:
    """Return the words of a language."""
    return Words(language, BY_LANGUAGE[language])
