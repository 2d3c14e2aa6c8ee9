"""The decision tables: each line is an event and what funding answers, or where an envelope stands."""

SCENARIOS = {
    "what fits in both envelopes is reserved": """
        open CDC 100, STATE 50
        declare A 60+20       -> reserved 60+20
        = CDC reserved 60 waiting 0 (0)
        = STATE reserved 20 waiting 0 (0)
    """,
    "one funder may be asked nothing, and its envelope need not exist": """
        open CDC 100
        declare A 60+0        -> reserved 60+0
        declare B 0+50        -> refused 0+50: envelope-unknown
    """,
    "an envelope is used to its last cent, and not one more": """
        open CDC 100, STATE 0
        declare A 99+0        -> reserved 99+0
        declare B 1+0         -> reserved 1+0
        declare C 1+0         -> waitlisted 1+0
        = CDC reserved 100 waiting 1 (1)
    """,
    "what fits in one envelope only waits whole": """
        open CDC 100, STATE 50
        declare A 60+40       -> reserved 60+40
        declare B 40+11       -> waitlisted 40+11
        = CDC reserved 60 waiting 40 (1)
        = STATE reserved 40 waiting 11 (1)
    """,
    "what asks of an envelope that does not exist is refused": """
        open CDC 100
        declare A 10+10       -> refused 10+10: envelope-unknown
        declare B 10+0 exercise=2017 -> refused 10+0: envelope-unknown
        = CDC reserved 0 waiting 0 (0)
    """,
    "what asks more than the whole authorised amount is refused, for it would wait for ever": """
        open CDC 100, STATE 50
        declare A 101+0       -> refused 101+0: exceeds-authorised
        declare B 1+51        -> refused 1+51: exceeds-authorised
        declare C 100+50      -> reserved 100+50
    """,
    "an envelope that is unknown is said before one that is too small": """
        open CDC 100
        declare A 101+1       -> refused 101+1: envelope-unknown
    """,
    "an envelope of nothing refuses whatever is asked": """
        open CDC 0, STATE 50
        declare A 1+0         -> refused 1+0: exceeds-authorised
    """,
    "a commitment is declared once, whatever became of it": """
        open CDC 100, STATE 0
        declare A 60+0        -> reserved 60+0
        declare A 10+0        -> movement refused: already-declared
        declare B 101+0       -> refused 101+0: exceeds-authorised
        declare B 10+0        -> movement refused: already-declared
        withdraw A            -> released 60+0, was reserved
        declare A 10+0        -> movement refused: already-declared
        = CDC reserved 0 waiting 0 (0)
    """,
    "whoever comes after somebody who waits, waits, even if there is room": """
        open CDC 100, STATE 50
        declare A 60+0        -> reserved 60+0
        declare B 50+0        -> waitlisted 50+0
        declare C 10+0        -> waitlisted 10+0
        = CDC reserved 60 waiting 60 (2)
    """,
    "waiting for one funder holds nobody back at the other": """
        open CDC 100, STATE 50
        declare A 100+0       -> reserved 100+0
        declare B 10+0        -> waitlisted 10+0
        declare C 0+50        -> reserved 0+50
    """,
    "what is given back serves the head of the waitlist": """
        open CDC 100, STATE 0
        declare A 60+0        -> reserved 60+0
        declare B 50+0        -> waitlisted 50+0
        declare C 50+0        -> waitlisted 50+0
        withdraw A            -> released 60+0, was reserved; promoted B 50+0; promoted C 50+0
        = CDC reserved 100 waiting 0 (0)
    """,
    "promotion stops at the first that does not fit, though another behind it would": """
        open CDC 100, STATE 0
        declare A 60+0        -> reserved 60+0
        declare B 30+0        -> reserved 30+0
        declare C 70+0        -> waitlisted 70+0
        declare D 10+0        -> waitlisted 10+0
        withdraw B            -> released 30+0, was reserved
        withdraw A            -> released 60+0, was reserved; promoted C 70+0; promoted D 10+0
    """,
    "the waitlist is served by priority, then by age": """
        open CDC 100, STATE 0
        declare A 100+0               -> reserved 100+0
        declare B 40+0 priority=5     -> waitlisted 40+0
        declare C 40+0 priority=9     -> waitlisted 40+0
        declare D 40+0 priority=1     -> waitlisted 40+0
        declare E 20+0 priority=5     -> waitlisted 20+0
        withdraw A -> released 100+0, was reserved; promoted D 40+0; promoted B 40+0; promoted E 20+0
        = CDC reserved 100 waiting 40 (1)
    """,
    "priority serves the waitlist, it never takes from those who are reserved": """
        open CDC 100, STATE 0
        declare A 100+0 priority=9    -> reserved 100+0
        declare B 10+0 priority=1     -> waitlisted 10+0
    """,
    "who does not fit blocks each envelope that it asks of, and no other": """
        open CDC 100, STATE 100
        declare A 100+0       -> reserved 100+0
        declare B 0+100       -> reserved 0+100
        declare C 60+60       -> waitlisted 60+60
        declare D 10+0        -> waitlisted 10+0
        declare E 0+10        -> waitlisted 0+10
        withdraw B            -> released 0+100, was reserved
        withdraw A            -> released 100+0, was reserved; promoted C 60+60; promoted D 10+0; promoted E 0+10
    """,
    "who is blocked blocks in turn the other envelope that it asks of": """
        open CDC 100, STATE 100
        declare A 100+0       -> reserved 100+0
        declare B 50+0        -> waitlisted 50+0
        declare C 10+10       -> waitlisted 10+10
        declare D 0+10        -> waitlisted 0+10
        amend A 60+0          -> amended 60+0, was 100+0, reserved
        withdraw C            -> released 10+10, was waitlisted; promoted D 0+10
        amend A 50+0          -> amended 50+0, was 60+0, reserved; promoted B 50+0
    """,
    "each exercise has its own credits and its own waitlist": """
        open CDC 100, CDC@2017 100
        declare A 100+0                -> reserved 100+0
        declare B 50+0                 -> waitlisted 50+0
        declare C 50+0 exercise=2017   -> reserved 50+0
        declare D 60+0 exercise=2017   -> waitlisted 60+0
        withdraw C                     -> released 50+0, was reserved; promoted D 60+0
        = CDC reserved 100 waiting 50 (1)
        = CDC@2017 reserved 60 waiting 0 (0)
    """,
    "another contract's credits are another's": """
        open CDC 100, CV221/CDC 100
        declare A 100+0                -> reserved 100+0
        declare B 50+0                 -> waitlisted 50+0
        declare C 50+0 contract=CV221  -> reserved 50+0
        withdraw C contract=CV221      -> released 50+0, was reserved
    """,
    "a movement told under another contract is about nobody": """
        open CDC 100, CV221/CDC 100
        declare A 60+0                 -> reserved 60+0
        withdraw A contract=CV221      -> movement refused: commitment-unknown
        amend A 10+0 contract=CV221    -> movement refused: commitment-unknown
        = CDC reserved 60 waiting 0 (0)
    """,
    "amended down is done at once, and serves those who wait": """
        open CDC 100, STATE 0
        declare A 100+0       -> reserved 100+0
        declare B 40+0        -> waitlisted 40+0
        amend A 61+0          -> amended 61+0, was 100+0, reserved
        amend A 60+0          -> amended 60+0, was 61+0, reserved; promoted B 40+0
    """,
    "amended up is done whole if it fits": """
        open CDC 100, STATE 50
        declare A 60+20       -> reserved 60+20
        amend A 100+50        -> amended 100+50, was 60+20, reserved
        = CDC reserved 100 waiting 0 (0)
    """,
    "amended up beyond the room is refused whole, and the old amount stays": """
        open CDC 100, STATE 50
        declare A 60+20       -> reserved 60+20
        declare B 0+30        -> reserved 0+30
        amend A 70+21         -> movement refused: no-room
        amend B 0+31          -> movement refused: no-room
        = CDC reserved 60 waiting 0 (0)
        = STATE reserved 50 waiting 0 (0)
    """,
    "up at one funder and down at the other is judged at each": """
        open CDC 100, STATE 50
        declare A 60+50       -> reserved 60+50
        declare B 0+20        -> waitlisted 0+20
        amend A 100+30        -> amended 100+30, was 60+50, reserved; promoted B 0+20
    """,
    "amended up looks at room only, not at who waits": """
        open CDC 100, STATE 0
        declare A 40+0        -> reserved 40+0
        declare B 40+0        -> reserved 40+0
        declare C 30+0        -> waitlisted 30+0
        amend A 60+0          -> amended 60+0, was 40+0, reserved
        = CDC reserved 100 waiting 30 (1)
    """,
    "a funder may leave, or come, by an amendment": """
        open CDC 100, STATE 50
        declare A 60+0        -> reserved 60+0
        amend A 0+50          -> amended 0+50, was 60+0, reserved
        = CDC reserved 0 waiting 0 (0)
        = STATE reserved 50 waiting 0 (0)
    """,
    "an amendment that asks of no envelope, or more than the whole, is refused and the old amount stays": """
        open CDC 100
        declare A 60+0        -> reserved 60+0
        amend A 60+1          -> movement refused: envelope-unknown
        amend A 101+0         -> movement refused: exceeds-authorised
        declare B 50+0        -> waitlisted 50+0
        amend B 50+1          -> movement refused: envelope-unknown
        amend B 101+0         -> movement refused: exceeds-authorised
        = CDC reserved 60 waiting 50 (1)
    """,
    "while waiting, down keeps its place": """
        open CDC 100, STATE 0
        declare A 100+0       -> reserved 100+0
        declare B 60+0        -> waitlisted 60+0
        declare C 60+0        -> waitlisted 60+0
        amend B 50+0          -> amended 50+0, was 60+0, waitlisted
        withdraw A            -> released 100+0, was reserved; promoted B 50+0
    """,
    "while waiting, up goes to the end, within its priority": """
        open CDC 100, STATE 0
        declare A 100+0              -> reserved 100+0
        declare B 30+0               -> waitlisted 30+0
        declare C 60+0               -> waitlisted 60+0
        declare D 10+0 priority=9    -> waitlisted 10+0
        amend B 31+0                 -> amended 31+0, was 30+0, waitlisted
        withdraw A                   -> released 100+0, was reserved; promoted C 60+0; promoted B 31+0
        = CDC reserved 91 waiting 10 (1)
    """,
    "while waiting, up at one funder and down at the other goes to the end": """
        open CDC 100, STATE 100
        declare A 100+100     -> reserved 100+100
        declare B 50+50       -> waitlisted 50+50
        declare C 60+60       -> waitlisted 60+60
        amend B 40+51         -> amended 40+51, was 50+50, waitlisted
        withdraw A            -> released 100+100, was reserved; promoted C 60+60
    """,
    "while waiting, the same amounts keep their place": """
        open CDC 100, STATE 0
        declare A 100+0       -> reserved 100+0
        declare B 60+0        -> waitlisted 60+0
        declare C 60+0        -> waitlisted 60+0
        amend B 60+0          -> amended 60+0, was 60+0, waitlisted
        withdraw A            -> released 100+0, was reserved; promoted B 60+0
    """,
    "who waits and asks less may be served by its own amendment": """
        open CDC 100, STATE 0
        declare A 60+0        -> reserved 60+0
        declare B 50+0        -> waitlisted 50+0
        amend B 40+0          -> amended 40+0, was 50+0, waitlisted; promoted B 40+0
    """,
    "who leaves the waitlist lets those behind pass": """
        open CDC 100, STATE 0
        declare A 60+0        -> reserved 60+0
        declare B 50+0        -> waitlisted 50+0
        declare C 40+0        -> waitlisted 40+0
        withdraw B            -> released 50+0, was waitlisted; promoted C 40+0
    """,
    "who goes to the end lets those behind pass": """
        open CDC 100, STATE 0
        declare A 60+0        -> reserved 60+0
        declare B 50+0        -> waitlisted 50+0
        declare C 40+0        -> waitlisted 40+0
        amend B 51+0          -> amended 51+0, was 50+0, waitlisted; promoted C 40+0
    """,
    "who is refused or released stands no more": """
        open CDC 100, STATE 0
        declare A 101+0       -> refused 101+0: exceeds-authorised
        withdraw A            -> movement refused: not-standing
        amend A 10+0          -> movement refused: not-standing
        declare B 10+0        -> reserved 10+0
        withdraw B            -> released 10+0, was reserved
        withdraw B            -> movement refused: not-standing
        amend B 5+0           -> movement refused: not-standing
        = CDC reserved 0 waiting 0 (0)
    """,
    "a movement of a commitment that nobody declared is refused": """
        open CDC 100
        withdraw A            -> movement refused: commitment-unknown
        amend A 10+0          -> movement refused: commitment-unknown
        declare A 10+0        -> reserved 10+0
    """,
}
