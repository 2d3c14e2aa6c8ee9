"""Managers' commands and one whole year, told in tables as those of life_tables.py."""

COMMANDS = {
    "an envelope is opened once, with or without payment credits, with or without a cent": """
        open CDC 0                          -> opened CDC 0
        open STATE 50 payments 0            -> opened STATE 50
        open STATE 60 payments 10           -> not done: envelope-exists
        open STATE.2017 50 payments 20      -> opened STATE.2017 50 payments 20
        : STATE.2017 voted > available 50; STATE.2017 payment-voted > payment-available 20
        = CDC authorised 0, room 0, payable unlimited, open
        = STATE authorised 50, room 50, payable 0
    """,
    "an increase serves those who wait, and those who were to be paid": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        declare B 50+0                      -> waitlisted B 50+0
        increase CDC 49.99                  -> increased CDC 49.99
        increase CDC 0.01                   -> increased CDC 0.01; promoted B 50+0
        increase CDC 0                      -> not done: no-amount
        increase CDC 10 payments 5          -> not done: no-payment-credits
        increase STATE 10                   -> not done: envelope-unknown
        = CDC authorised 150, reserved 150, room 0
    """,
    "a reduction takes from the room only": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 40           -> opened STATE 50 payments 40
        declare A 60+20                     -> reserved A 60+20
        declare B 20+20                     -> reserved B 20+20
        engage A CDC 60                     -> engaged A CDC 60
        reduce CDC 20.01                    -> not done: no-room (B)
        reduce CDC 20                       -> reduced CDC 20
        reduce STATE 5 payments 40.01       -> not done: payment-exceeds-payable
        reduce STATE 0 payments 40          -> reduced STATE 0 payments 40
        : STATE payment-available > payment-voted 40
        reduce STATE 50 payments 1          -> not done: payment-exceeds-payable
        reduce STATE 50                     -> not done: no-room (B)
        = CDC authorised 80, room 0
        = STATE authorised 50, room 10, payments 0, payable 0
    """,
    "who stands in the way is sent back, last in first out, and keeps its place": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 0            -> opened STATE 50
        declare A 30+10                     -> reserved A 30+10
        declare B 30+10                     -> reserved B 30+10
        declare C 30+10                     -> reserved C 30+10
        declare D 0+20                      -> reserved D 0+20
        declare E 20+0                      -> waitlisted E 20+0
        reduce CDC 40                       -> not done: no-room (A, B, C)
        reduce CDC 40 sending back          -> displaced C 30+10; reduced CDC 40
        : CDC reserved > available 30; STATE reserved > available 10; CDC demand > waitlisted 30
        : STATE demand > waitlisted 10; CDC available > voted 40
        reduce CDC 61 sending back          -> not done: no-room (A, B)
        withdraw B                          -> released B 30+10, was reserved; promoted C 30+10
        engage A CDC 1                      -> engaged A CDC 1
        reduce CDC 31 sending back          -> not done: no-room (C)
        = CDC authorised 60, reserved 59, engaged 1, room 0, waitlisted 20, waiting 1
    """,
    "what a displacement frees at the other funder is served at once": """
        open CDC 50                         -> opened CDC 50
        open STATE 50 payments 0            -> opened STATE 50
        declare A 50+50                     -> reserved A 50+50
        declare B 0+30                      -> waitlisted B 0+30
        declare C 10+0 priority 1           -> waitlisted C 10+0
        freeze CDC 40 sending back          -> displaced A 50+50; frozen CDC 40; promoted C 10+0
        = CDC frozen 40, reserved 10, room 0, waitlisted 50, waiting 1
        = STATE reserved 0, room 50, waitlisted 80, waiting 2
        withdraw A                          -> released A 50+50, was waitlisted; promoted B 0+30
    """,
    "a small one that was sent back too many is taken again": """
        open CDC 100                        -> opened CDC 100
        declare A 80+0 priority 9           -> reserved A 80+0
        declare B 20+0                      -> reserved B 20+0
        reduce CDC 50 sending back          -> displaced B 20+0; displaced A 80+0; reduced CDC 50; promoted B 20+0
        = CDC authorised 50, reserved 20, room 30, waitlisted 80, waiting 1
    """,
    "what is frozen is not used, and comes back": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 40           -> opened STATE 50 payments 40
        freeze STATE 10 payments 5          -> frozen STATE 10 payments 5
        : STATE available > frozen 10; STATE payment-available > payment-frozen 5
        declare A 0+45                      -> waitlisted A 0+45
        engage A STATE 45                   -> movement held A: waits-for-room
        advance A STATE 36                  -> movement held A: not-engaged
        unfreeze STATE 10.01                -> not done: not-frozen
        unfreeze STATE 1 payments 5.01      -> not done: not-frozen
        unfreeze STATE 5                    -> unfrozen STATE 5
            and promoted A 0+45
            and engaged A STATE 45 (held: engage A)
        : STATE frozen > available 5; STATE waitlisted > demand 45; STATE available > reserved 45
        : STATE reserved > engaged 45
        = held advance A: no-payment-credits
        freeze STATE 0.01                   -> not done: no-room
        freeze STATE 0 payments 35.01       -> not done: payment-exceeds-payable
        unfreeze STATE 0 payments 1         -> unfrozen STATE 0 payments 1
            and paid A STATE 36 advance from credits of 2016 (held: advance A)
        = STATE frozen 5, room 0, payments frozen 4, payable 0, paid 36
    """,
    "a transfer gives to another contract, where it serves those who wait": """
        open CDC 100                        -> opened CDC 100
        open CV221.CDC 20                   -> opened CV221.CDC 20
        open CDC.2017 10                    -> opened CDC.2017 10
        open STATE 50 payments 40           -> opened STATE 50 payments 40
        open CV221.STATE 50                 -> opened CV221.STATE 50
        declare A 60+0                      -> reserved A 60+0
        declare B 20+0 at CV221             -> reserved B 20+0
        declare C 20+0 at CV221             -> waitlisted C 20+0
        engage C CDC 20 at CV221            -> movement held C: waits-for-room
        transfer CDC 10 to CDC              -> not done: same-envelope
        transfer CDC 10 to STATE            -> not done: not-the-same-funder
        transfer CDC 10 to CDC.2017         -> not done: not-the-same-funder
        transfer CDC 10 to CV299.CDC        -> not done: envelope-unknown
        transfer CDC 0 to CV221.CDC         -> not done: no-amount
        transfer STATE 1 payments 1 to CV221.STATE -> not done: no-payment-credits
        transfer STATE 1 to CV221.STATE     -> transferred STATE 1 to CV221.STATE
            and received CV221.STATE 1 from STATE
        transfer CDC 40.01 to CV221.CDC     -> not done: no-room (A)
        transfer CDC 20 to CV221.CDC        -> transferred CDC 20 to CV221.CDC
            and received CV221.CDC 20 from CDC
            and promoted C 20+0
            and engaged C CDC 20 (held: engage C)
        : CDC available > voted 20; CV221.CDC voted > available 20; CV221.CDC waitlisted > demand 20
        : CV221.CDC available > reserved 20; CV221.CDC reserved > engaged 20
        transfer CDC 50 to CV221.CDC sending back -> displaced A 60+0
            and transferred CDC 50 to CV221.CDC
            and received CV221.CDC 50 from CDC
        = CDC authorised 30, reserved 0, room 30, waitlisted 60
        = CV221.CDC authorised 90, reserved 20, engaged 20, room 50
    """,
    "a carry-over gives to the next exercise, of the payments 3 % of what was first opened": """
        open STATE 50 payments 33.50        -> opened STATE 50 payments 33.50
        open STATE.2017 10 payments 0       -> opened STATE.2017 10
        open STATE.2018 10 payments 0       -> opened STATE.2018 10
        open CV221.STATE.2017 10 payments 0 -> opened CV221.STATE.2017 10
        open CDC 10                         -> opened CDC 10
        open CDC.2017 10                    -> opened CDC.2017 10
        declare A 0+20 in 2017              -> refused A 0+20: exceeds-authorised
        declare B 0+10 in 2017              -> reserved B 0+10
        declare C 0+8 in 2017               -> waitlisted C 0+8
        increase STATE 0 payments 66.50     -> increased STATE 0 payments 66.50
        carry-over STATE 1 to STATE         -> not done: same-envelope
        carry-over STATE 1 to CDC.2017      -> not done: not-the-same-funder
        carry-over STATE 1 to CV221.STATE.2017 -> not done: not-the-same-funder
        carry-over STATE 1 to STATE.2018    -> not done: not-the-next-exercise
        carry-over STATE.2018 1 to STATE.2019 -> not done: envelope-unknown
        carry-over CDC 1 payments 1 to CDC.2017 -> not done: no-payment-credits
        carry-over STATE 0 payments 1.01 to STATE.2017 -> not done: carry-over-limit
        carry-over STATE 8 payments 0.60 to STATE.2017 -> carried over to STATE.2017 8 payments 0.60 from STATE
            and promoted C 0+8
        : STATE available > voted 8; STATE payment-available > payment-voted 0.60
        : STATE.2017 voted > available 8; STATE.2017 payment-voted > payment-available 0.60
        : STATE.2017 waitlisted > demand 8; STATE.2017 available > reserved 8
        carry-over STATE 0 payments 0.41 to STATE.2017 -> not done: carry-over-limit
        carry-over STATE 0 payments 0.40 to STATE.2017 -> carried over to STATE.2017 0 payments 0.40 from STATE
        carry-over STATE 43 to STATE.2017   -> not done: no-room
        carry-over CDC 10 to CDC.2017       -> carried over to CDC.2017 10 from CDC
        = STATE authorised 42, payments 99, payable 99
        = STATE.2017 authorised 18, reserved 18, payments 1, payable 1
    """,
    "an envelope is closed once nothing is promised in it, and gives back all that is left": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 40           -> opened STATE 50 payments 40
        open STATE.2017 50 payments 40      -> opened STATE.2017 50 payments 40
        declare A 10+30                     -> reserved A 10+30
        engage A STATE 30                   -> engaged A STATE 30
        engage A CDC 4                      -> engaged A CDC 4
        advance A STATE 15                  -> paid A STATE 15 advance from credits of 2016
        freeze STATE 5 payments 10          -> frozen STATE 5 payments 10
        advance A STATE 15.50               -> movement refused A: exceeds-engaged
        close envelope CDC                  -> not done: envelope-in-use (A)
        close envelope STATE                -> unfrozen STATE 5 payments 10; closed envelope STATE 20 payments 25
        : STATE frozen > available 5; STATE payment-frozen > payment-available 10
        : STATE available > voted 20; STATE payment-available > payment-voted 25
        close envelope STATE                -> not done: envelope-closed
        increase STATE 1                    -> not done: envelope-closed
        carry-over STATE 1 to STATE.2017    -> not done: envelope-closed
        declare B 0+1                       -> refused B 0+1: envelope-closed
        amend A 10+30.01                    -> movement refused A: envelope-closed
        advance A STATE 1                   -> movement refused A: envelope-closed
        advance A STATE 1 in 2017           -> paid A STATE 1 advance from credits of 2017
        return A STATE 5                    -> returned A STATE 5 to credits of 2016
        decommit A STATE 2                  -> decommitted A STATE 2, lapsed
        = STATE authorised 30, engaged 28, lapsed 2, room 0, payments 15, paid 10, payable 5, closed
    """,
    "a close that sends back releases who is reserved or waits, and amends who is engaged": """
        open CDC 100                        -> opened CDC 100
        open STATE 20 payments 0            -> opened STATE 20
        declare A 40+0                      -> reserved A 40+0
        declare B 30+10                     -> reserved B 30+10
        declare C 20+0                      -> reserved C 20+0
        declare D 60+10                     -> waitlisted D 60+10
        declare E 0+10 priority 1           -> waitlisted E 0+10
        engage B CDC 5                      -> engaged B CDC 5
        engage C CDC 20                     -> engaged C CDC 20
        close envelope CDC                  -> not done: envelope-in-use (A, B, D)
        close envelope CDC sending back     -> released D 60+10, was waitlisted
            and amended B 5+10, was 30+10, reserved
            and released A 40+0, was reserved
            and closed envelope CDC 75
            and promoted E 0+10
        : CDC waitlisted > demand 60; STATE waitlisted > demand 10; CDC reserved > available 25
        : CDC reserved > available 40; CDC available > voted 75; STATE waitlisted > demand 10
        : STATE available > reserved 10
        = CDC authorised 25, engaged 25, reserved 0, waiting 0, room 0, closed
        = STATE reserved 20, room 0, waiting 0
        = B engaged, asked 5+10, engaged 5+0
    """,
}

THE_YEAR = """
    open CDC 100_000                        -> opened CDC 100_000
    open STATE 136_363.64 payments 90_000   -> opened STATE 136_363.64 payments 90_000
    open CDC.2017 100_000                   -> opened CDC.2017 100_000
    open STATE.2017 136_363.64 payments 120_000 -> opened STATE.2017 136_363.64 payments 120_000
    freeze STATE 10_909.09 payments 7_200   -> frozen STATE 10_909.09 payments 7_200
    = STATE authorised 136_363.64, frozen 10_909.09, room 125_454.55, payable 82_800
    declare A 60_000+70_000                 -> reserved A 60_000+70_000
    declare B 40_000+50_000                 -> reserved B 40_000+50_000
    : CDC available > reserved 40_000; STATE available > reserved 50_000
    declare C 0+10_000                      -> waitlisted C 0+10_000
    declare D 20_000+0 priority 1           -> waitlisted D 20_000+0
    engage A CDC 60_000                     -> engaged A CDC 60_000
    engage A STATE 70_000                   -> engaged A STATE 70_000
    engage C STATE 10_000                   -> movement held C: waits-for-room
    = CDC reserved 40_000, engaged 60_000, room 0, waitlisted 20_000, waiting 1
    = STATE reserved 50_000, engaged 70_000, room 5_454.55, waitlisted 10_000, waiting 1
    amend B 30_000+45_000                   -> amended B 30_000+45_000, was 40_000+50_000, reserved
        and promoted C 0+10_000
        and engaged C STATE 10_000 (held: engage C)
    amend D 10_000+0                        -> amended D 10_000+0, was 20_000+0, waitlisted; promoted D 10_000+0
    advance A STATE 35_000                  -> paid A STATE 35_000 advance from credits of 2016
    advance A CDC 30_000                    -> paid A CDC 30_000 advance from treasury
    certify A STATE 60_000                  -> certified A STATE 60_000
    instalment A STATE 20_000               -> paid A STATE 20_000 instalment from credits of 2016
    unfreeze STATE 10_909.09 payments 7_200 -> unfrozen STATE 10_909.09 payments 7_200
    engage B CDC 30_000                     -> engaged B CDC 30_000
    engage B STATE 45_000                   -> engaged B STATE 45_000
    advance B STATE 36_000                  -> movement held B: no-payment-credits
    increase STATE 0 payments 2_000         -> increased STATE 0 payments 2_000
        and paid B STATE 36_000 advance from credits of 2016 (held: advance B)
    return A STATE 5_000                    -> returned A STATE 5_000 to credits of 2016
    = STATE authorised 136_363.64, frozen 0, reserved 0, engaged 125_000, room 11_363.64, paid 86_000, payable 6_000
    carry-over STATE 11_363.64 payments 2_700.01 to STATE.2017 -> not done: carry-over-limit
    carry-over STATE 11_363.64 payments 2_700 to STATE.2017
        -> carried over to STATE.2017 11_363.64 payments 2_700 from STATE
    close envelope STATE                    -> closed envelope STATE 0 payments 3_300
    = STATE authorised 125_000, engaged 125_000, room 0, payments 86_000, paid 86_000, payable 0, closed
    balance A STATE 10_000 in 2017          -> paid A STATE 10_000 balance from credits of 2017
    : STATE.2017 payment-available > paid 10_000
    decommit A STATE 10_000 in 2017         -> decommitted A STATE 10_000, lapsed
    : STATE engaged > lapsed 10_000
    balance A CDC 30_000 in 2017            -> movement held A: not-certified
    close envelope CDC                      -> not done: envelope-in-use (D)
    certify A CDC 60_000 in 2017            -> certified A CDC 60_000
        and paid A CDC 30_000 balance from treasury (held: balance A)
    close A in 2017                         -> closed A 0+0, was reserved
    close C in 2017                         -> decommitted C STATE 10_000, lapsed; closed C 0+0, was reserved
    withdraw D                              -> released D 10_000+0, was reserved
    decommit B CDC 30_000 in 2017           -> decommitted B CDC 30_000, lapsed
    close envelope CDC                      -> closed envelope CDC 10_000
    = CDC authorised 90_000, engaged 60_000, lapsed 30_000, room 0, paid 60_000, closed
    = STATE authorised 125_000, engaged 105_000, lapsed 20_000, room 0, paid 86_000, closed
    = STATE.2017 authorised 147_727.28, room 147_727.28, payments 122_700, paid 10_000, payable 112_700
    = A closed, asked 60_000+60_000, engaged 60_000+60_000, paid in 2016 60_000+50_000, paid in 2017 0+10_000
    = held nothing
"""
SCENARIOS = COMMANDS | {"the year 2016 of a contract of the Pas-de-Calais": THE_YEAR}
