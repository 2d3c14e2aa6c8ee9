"""The sentences that open the page of the real grants, built from its figures."""

from markupsafe import Markup, escape

from services.reporting.domain.grants import Key
from services.reporting.pages.grants import GrantsView
from shared.web import formats
from shared.web.words import Words, strong


def split_answer(view: GrantsView, words: Words) -> Markup:
    """Say what was granted, and how much of it would have gone elsewhere by each key."""
    language = words.language
    said = [
        words.say(
            "grants_moved_next" if place else "grants_moved_first", how=words.say(f"how_{line.key}"),
            share=strong(formats.percent(line.moved, language)),
        )
        for place, line in enumerate(view.keys)
    ]  # fmt: skip
    given = strong(formats.euros_short(view.given_cents, language))
    between = words.say("grants_between")
    return words.say("grants_answer", exercise=view.exercise, given=given, keys=between.join(said))


def population_answer(view: GrantsView, words: Words) -> Markup:
    """Say where the key of inhabitants is furthest from what was granted, and what it would have served."""
    language = words.language
    line = next(line for line in view.keys if line.key is Key.POPULATION)
    far, asked = line.furthest, line.answers
    first = words.say(
        "grants_furthest", contract=strong(line.furthest_name.short),
        share=formats.euros(far.share_cents, language), given=formats.euros(far.given_cents, language),
    )  # fmt: skip
    second = words.say(
        "grants_served", count=words.count(asked.given_count, "grant"), reserved=asked.reserved_count,
        waitlisted=asked.waitlisted_count, refused=asked.refused_count,
    )  # fmt: skip
    return escape(first) + Markup(" ") + second
