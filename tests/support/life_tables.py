"""The whole life of commitments, told in tables: each line is an event or a command and what is answered.

`life_lines.py` says how to read a line. The tables were computed by hand from docs/ledger-rules.md; the year of the
Pas-de-Calais and managers' commands are in life_tables_commands.py.
"""

LIFE = {
    "what is promised is engaged, in one act or several, each funder for itself": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 40           -> opened STATE 50 payments 40
        declare A 60+20                     -> reserved A 60+20
        : CDC available > reserved 60; STATE available > reserved 20
        engage A CDC 40                     -> engaged A CDC 40
        : CDC reserved > engaged 40
        engage A CDC 20.01                  -> movement refused A: exceeds-reserved
        engage A CDC 20                     -> engaged A CDC 20
        engage A STATE 20 in 2017           -> movement refused A: wrong-exercise
        = CDC reserved 0, engaged 60, room 40, payable unlimited
        = STATE reserved 20, engaged 0, room 30, payable 40
        = A engaged, asked 60+20, engaged 60+0
    """,
    "one who waits is engaged once there is room": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        declare B 30+0                      -> waitlisted B 30+0
        : CDC demand > waitlisted 30
        engage B CDC 30.01                  -> movement refused B: exceeds-reserved
        engage B CDC 30                     -> movement held B: waits-for-room
        = held engage B: waits-for-room
        withdraw A                          -> released A 100+0, was reserved
            and promoted B 30+0
            and engaged B CDC 30 (held: engage B)
        = held nothing
        = CDC reserved 0, engaged 30, waitlisted 0, waiting 0
    """,
    "what funders do is held until the declaration comes, and then decided in its order": """
        open CDC 100                        -> opened CDC 100
        certify A CDC 30                    -> movement held A: not-declared
        engage A CDC 60                     -> movement held A: not-declared
        advance A CDC 10                    -> movement held A: not-declared
        close B                             -> movement held B: not-declared
        amend A 10+0                        -> movement refused A: commitment-unknown
        withdraw A                          -> movement refused A: commitment-unknown
        = held certify A: not-declared; engage A: not-declared; advance A: not-declared; close B: not-declared
        declare A 60+0                      -> reserved A 60+0
            and engaged A CDC 60 (held: engage A)
            and certified A CDC 30 (held: certify A)
            and paid A CDC 10 advance from treasury (held: advance A)
        = held close B: not-declared
        = A engaged, engaged 60+0, certified 30+0, paid in 2016 10+0
    """,
    "what is held for one who is then refused is refused as well": """
        open CDC 100                        -> opened CDC 100
        engage A CDC 60                     -> movement held A: not-declared
        declare A 101+0                     -> refused A 101+0: exceeds-authorised
            and movement refused A: not-standing (held: engage A)
        = held nothing
    """,
    "a commitment that lies in another contract is nobody's here": """
        open CDC 100                        -> opened CDC 100
        open CV221.CDC 100                  -> opened CV221.CDC 100
        declare A 60+0                      -> reserved A 60+0
        engage A CDC 10 at CV221            -> movement refused A: commitment-unknown
        withdraw A at CV221                 -> movement refused A: commitment-unknown
        declare A 10+0 at CV221             -> movement refused A: commitment-unknown
        declare A 10+0                      -> movement refused A: already-declared
        = A reserved, asked 60+0
    """,
    "an amendment keeps what is engaged, and grows within the room": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 50           -> opened STATE 50 payments 50
        declare A 60+0                      -> reserved A 60+0
        engage A CDC 40                     -> engaged A CDC 40
        amend A 39+0                        -> movement refused A: below-engaged
        amend A 39+60                       -> movement refused A: below-engaged
        amend A 60+51                       -> movement refused A: exceeds-authorised
        amend A 50+20                       -> amended A 50+20, was 60+0, reserved
        : CDC reserved > available 10; STATE available > reserved 20
        declare B 50+0                      -> reserved B 50+0
        amend A 50.01+20                    -> movement refused A: no-room
        amend A 50+20                       -> amended A 50+20, was 50+20, reserved
        withdraw A                          -> movement refused A: already-engaged
        = CDC reserved 60, engaged 40, room 0
        = STATE reserved 20, room 30
    """,
    "an amendment while waiting posts the difference of what waits": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 0            -> opened STATE 50
        declare A 100+0                     -> reserved A 100+0
        declare B 30+20                     -> waitlisted B 30+20
        amend B 35+5                        -> amended B 35+5, was 30+20, waitlisted
        : CDC demand > waitlisted 5; STATE waitlisted > demand 15
        withdraw A                          -> released A 100+0, was reserved; promoted B 35+5
        : CDC reserved > available 100; CDC waitlisted > demand 35; STATE waitlisted > demand 5
        : CDC available > reserved 35; STATE available > reserved 5
    """,
    "what is certified was engaged, or waits for it": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        certify A CDC 60.01                 -> movement refused A: exceeds-engaged
        certify A CDC 60                    -> movement held A: not-engaged
        engage A CDC 59                     -> engaged A CDC 59
        = held certify A: not-engaged
        engage A CDC 1                      -> engaged A CDC 1; certified A CDC 60 (held: certify A)
        : CDC reserved > engaged 1
        certify A STATE 1                   -> movement refused A: exceeds-engaged
    """,
    "with payment credits, what is paid comes out of the exercise of the payment": """
        open STATE 50 payments 20           -> opened STATE 50 payments 20
        open STATE.2017 50 payments 30      -> opened STATE.2017 50 payments 30
        open CDC 100                        -> opened CDC 100
        declare A 10+50                     -> reserved A 10+50
        engage A STATE 50                   -> engaged A STATE 50
        advance A STATE 15                  -> paid A STATE 15 advance from credits of 2016
        : STATE payment-available > paid 15
        advance A STATE 10 in 2015          -> movement refused A: wrong-exercise
        advance A STATE 10 in 2018          -> movement refused A: envelope-unknown
        instalment A STATE 15 in 2017       -> paid A STATE 15 instalment from credits of 2017
        : STATE.2017 payment-available > paid 15
        instalment A STATE 20.01            -> movement refused A: exceeds-engaged
        instalment A STATE 6                -> movement held A: no-payment-credits
        return A STATE 1                    -> returned A STATE 1 to credits of 2016
            and paid A STATE 6 instalment from credits of 2016 (held: instalment A)
        : STATE paid > payment-available 1; STATE payment-available > paid 6
        = STATE paid 20, payable 0, engaged 50
        = STATE.2017 paid 15, payable 15, engaged 0
        = A engaged, paid in 2016 0+20, paid in 2017 0+15
    """,
    "without payment credits, what is paid comes out of the treasury, for the commitment's own exercise": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        engage A CDC 60                     -> engaged A CDC 60
        advance A CDC 20 in 2019            -> paid A CDC 20 advance from treasury
        : CDC treasury > paid 20
        return A CDC 5 in 2020              -> returned A CDC 5 to treasury
        : CDC paid > treasury 5
        close envelope CDC                  -> closed envelope CDC 40
        advance A CDC 45 in 2018            -> paid A CDC 45 advance from treasury
        = CDC paid 60, engaged 60, room 0, payable unlimited, closed
        = A engaged, paid in 2016 60+0
    """,
    "a year without payment credits pays nothing for one that has some": """
        open STATE 50 payments 0            -> opened STATE 50
        open STATE.2017 50                  -> opened STATE.2017 50
        declare A 0+50                      -> reserved A 0+50
        engage A STATE 50                   -> engaged A STATE 50
        advance A STATE 10 in 2017          -> movement refused A: envelope-unknown
        advance A STATE 10                  -> movement held A: no-payment-credits
        increase STATE 0 payments 10        -> increased STATE 0 payments 10
            and paid A STATE 10 advance from credits of 2016 (held: advance A)
    """,
    "a balance is paid on what was certified, and an advance is not": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        balance A CDC 30                    -> movement held A: not-engaged
        engage A CDC 50                     -> engaged A CDC 50
        = held balance A: not-certified
        advance A CDC 20                    -> paid A CDC 20 advance from treasury
        certify A CDC 49                    -> certified A CDC 49
        certify A CDC 1                     -> certified A CDC 1
            and paid A CDC 30 balance from treasury (held: balance A)
        advance A CDC 11                    -> movement refused A: exceeds-engaged
        advance A CDC 10                    -> movement held A: not-engaged
    """,
    "an advance is held before it is engaged, and refused when it can never be": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        advance A CDC 61                    -> movement refused A: exceeds-engaged
        advance A CDC 60                    -> movement held A: not-engaged
        amend A 59+0                        -> amended A 59+0, was 60+0, reserved
            and movement refused A: exceeds-engaged (held: advance A)
    """,
    "what is returned was paid by the same credits, or waits for it": """
        open STATE 50 payments 50           -> opened STATE 50 payments 50
        open STATE.2017 50 payments 50      -> opened STATE.2017 50 payments 50
        declare A 0+40                      -> reserved A 0+40
        return A STATE 40.01                -> movement refused A: exceeds-paid
        return A STATE 10 in 2017           -> movement held A: not-paid
        engage A STATE 40                   -> engaged A STATE 40
        advance A STATE 31                  -> paid A STATE 31 advance from credits of 2016
            and movement refused A: exceeds-paid (held: return A)
        return A STATE 9 in 2017            -> movement held A: not-paid
        advance A STATE 9 in 2017           -> paid A STATE 9 advance from credits of 2017
            and returned A STATE 9 to credits of 2017 (held: return A)
        = A engaged, paid in 2016 0+31, paid in 2017 0+0
    """,
    "what is given up in its exercise serves those who wait; later it lapses": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        declare B 30+0                      -> waitlisted B 30+0
        decommit A CDC 10                   -> movement held A: not-engaged
        decommit A CDC 101                  -> movement refused A: exceeds-engaged
        engage A CDC 90                     -> engaged A CDC 90; decommitted A CDC 10 (held: decommit A)
        : CDC reserved > engaged 90; CDC engaged > available 10
        decommit A CDC 20                   -> decommitted A CDC 20; promoted B 30+0
        certify A CDC 20                    -> certified A CDC 20
        advance A CDC 30                    -> paid A CDC 30 advance from treasury
        decommit A CDC 5 in 2015            -> movement refused A: wrong-exercise
        decommit A CDC 30 in 2017           -> decommitted A CDC 30, lapsed
        : CDC engaged > lapsed 30
        decommit A CDC 10 in 2017           -> movement held A: not-engaged
        amend A 30+0                        -> amended A 30+0, was 40+0, reserved
            and movement refused A: exceeds-engaged (held: decommit A)
        = CDC reserved 30, engaged 30, lapsed 30, room 10
        = A engaged, asked 30+0, engaged 30+0, lapsed 30+0
    """,
    "what is certified is not given up": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        engage A CDC 60                     -> engaged A CDC 60
        certify A CDC 40                    -> certified A CDC 40
        advance A CDC 10                    -> paid A CDC 10 advance from treasury
        decommit A CDC 20.01                -> movement refused A: exceeds-engaged
        decommit A CDC 20                   -> decommitted A CDC 20
    """,
    "a commitment is closed once what was certified is paid; what is left is given up and given back": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 50           -> opened STATE 50 payments 50
        declare A 80+40                     -> reserved A 80+40
        declare B 50+0                      -> waitlisted B 50+0
        engage A CDC 60                     -> engaged A CDC 60
        engage A STATE 40                   -> engaged A STATE 40
        certify A CDC 50                    -> certified A CDC 50
        close A                             -> movement held A: not-paid
        advance A STATE 30                  -> paid A STATE 30 advance from credits of 2016
        balance A CDC 50                    -> paid A CDC 50 balance from treasury
            and decommitted A CDC 10 (held: close A)
            and decommitted A STATE 10 (held: close A)
            and closed A 20+0, was reserved (held: close A)
            and promoted B 50+0
        : CDC treasury > paid 50; CDC engaged > available 10; STATE engaged > available 10
        : CDC reserved > available 20; CDC waitlisted > demand 50; CDC available > reserved 50
        = CDC reserved 50, engaged 50, room 0
        = STATE reserved 0, engaged 30, room 20
        = A closed, asked 50+30, engaged 50+30
        advance A STATE 1                   -> movement refused A: not-standing
        declare A 1+1                       -> movement refused A: already-declared
        return A STATE 10                   -> returned A STATE 10 to credits of 2016
        return A STATE 20.01                -> movement refused A: exceeds-paid
        close A                             -> movement refused A: not-standing
    """,
    "one who waits may be closed, and in a later year what was engaged lapses": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        declare B 30+0                      -> waitlisted B 30+0
        close B                             -> closed B 30+0, was waitlisted
        : CDC waitlisted > demand 30
        engage A CDC 70                     -> engaged A CDC 70
        advance A CDC 20                    -> paid A CDC 20 advance from treasury
        declare C 30+0                      -> waitlisted C 30+0
        close A in 2017                     -> decommitted A CDC 50, lapsed
            and closed A 30+0, was reserved
            and promoted C 30+0
        = CDC reserved 30, engaged 20, lapsed 50, room 0
    """,
    "who is refused or released stands no more, whatever is told": """
        open CDC 100                        -> opened CDC 100
        declare A 101+0                     -> refused A 101+0: exceeds-authorised
        declare B 10+10                     -> refused B 10+10: envelope-unknown
        engage A CDC 1                      -> movement refused A: not-standing
        declare C 10+0                      -> reserved C 10+0
        withdraw C                          -> released C 10+0, was reserved
        return C CDC 1                      -> movement refused C: not-standing
        close C                             -> movement refused C: not-standing
    """,
    "one who waits at the head though it fits is served by the next promotions, not by a refused amendment": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        declare B 50+0 priority 9           -> waitlisted B 50+0
        declare C 40+0 priority 1           -> waitlisted C 40+0
        amend A 101+0                       -> movement refused A: exceeds-authorised
        amend A 59+0                        -> amended A 59+0, was 60+0, reserved
            and promoted C 40+0
    """,
}
