"""The sentences that open the page: they answer its question, in words and figures built from data."""

from markupsafe import Markup, escape

from services.reporting.pages.lives import LivesView
from services.reporting.pages.money import MoneyView
from shared.web import formats
from shared.web.words import Words, strong


def money_answer(view: MoneyView, words: Words) -> Markup:
    """Say what is voted, used and left."""
    language, money = words.language, view.total
    authorised = strong(formats.euros_short(money.authorised, language))
    if not money.used:
        key = "answer_none_used" if view.has_requests else "answer_unused"
        return words.say(key, exercise=view.exercise, authorised=authorised)
    return words.say(
        "answer_used", exercise=view.exercise, authorised=authorised,
        share=strong(formats.percent(money.share_used, language)),
        how=words.say("how_lapsed" if money.lapsed else "how_engaged" if money.engaged else "how_reserved"),
        available=strong(formats.euros_short(money.available, language)),
    )  # fmt: skip


def waiting_answer(view: MoneyView, words: Words) -> Markup | None:
    """Say what waits, funder by funder: one request may ask both. None before anything was asked."""
    if not view.has_requests:
        return None
    if not view.total.waiting_count:
        return words.say("answer_none_waits")
    requests = [
        Markup("{} {}").format(words.count(line.money.waiting_count, "request"), words.say(f"to_{line.funder}"))
        for line in view.funders
        if line.money.waiting_count
    ]
    waitlisted = strong(formats.euros_short(view.total.waitlisted, words.language))
    joined = escape(f" {words.say('and')} ").join(requests)
    return words.say("answer_waiting", waitlisted=waitlisted, requests=joined)


def lives_answer(view: LivesView, words: Words) -> Markup:
    """Say how many businesses are still alive after three years, or why that cannot be said."""
    figure = view.headline
    if figure is None:
        is_hidden = view.overall.hidden or any(horizon.hidden for horizon in view.overall.horizons)
        return words.say("answer_lives_hidden" if is_hidden else "answer_lives_young")
    language = words.language
    age, share = words.years(figure.months), strong(formats.percent(figure.survival, language))
    if figure.lower is None or figure.upper is None:
        return words.say("answer_lives_alone", age=age, share=share)
    return words.say(
        "answer_lives", age=age, share=share, lower=formats.percent(figure.lower, language),
        upper=formats.percent(figure.upper, language),
    )  # fmt: skip
