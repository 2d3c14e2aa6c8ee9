"""Tables of funders that decide each on its own (section 5 of docs/ledger-rules.md), computed by hand from the page."""

EACH = {
    "each funder reserves what fits of a declaration, and one who is alike is told once": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 60+50                     -> reserved A 60+50 (rules 1)
        declare B 40+20.50                  -> reserved B 40+0 (rules 1); waitlisted B 0+20.50 (rules 1)
        : CDC available > reserved 40; STATE demand > waitlisted 20.50
        = B reserved, asked 40+20.50
        = CDC reserved 100, room 0, waiting 0
        = STATE reserved 50, room 0, waitlisted 20.50, waiting 1
        declare C 1+1                       -> waitlisted C 1+1 (rules 1)
        = C waitlisted
        increase CDC 1                      -> increased CDC 1; promoted C 1+0 (rules 1)
        = C reserved, asked 1+1
        engage B STATE 20.50                -> movement held B: waits-for-room
        engage B CDC 40                     -> engaged B CDC 40
        certify B CDC 40                    -> certified B CDC 40
        balance B CDC 40                    -> paid B CDC 40 balance from treasury
        withdraw A                          -> released A 60+50, was reserved
            and promoted B 0+20.50 (rules 1)
            and promoted C 0+1 (rules 1)
            and engaged B STATE 20.50 (held: engage B)
        = B engaged, asked 40+20.50, engaged 40+20.50
        = held nothing
    """,
    "a part that does not fit closes its own envelope alone, unless rules skip": """
        open CDC 10                         -> opened CDC 10
        open STATE 10                       -> opened STATE 10
        rules funders each                  -> nothing
        declare A 10+10                     -> reserved A 10+10 (rules 1)
        declare B 8+2                       -> waitlisted B 8+2 (rules 1)
        declare C 3+3                       -> waitlisted C 3+3 (rules 1)
        amend A 5+5                         -> amended A 5+5, was 10+10, reserved
            and promoted B 0+2 (rules 1)
            and promoted C 0+3 (rules 1)
        = CDC room 5, waitlisted 11, waiting 2
        rules funders each, waitlist skip   -> promoted C 3+0 (rules 2)
        = B reserved, asked 8+2
        = CDC room 2, waitlisted 8, waiting 1
        rules funders together              -> nothing
        increase CDC 6                      -> increased CDC 6; promoted B 8+0 (rules 3)
    """,
    "a mixed one is amended by each standing, and goes to the end when its waiting part grows": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare B 40+20                     -> reserved B 40+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 0+10                      -> waitlisted C 0+10 (rules 1)
        amend B 40+20                       -> amended B 40+20, was 40+20, reserved
        amend B 30+15                       -> amended B 40+15, was 40+20, waitlisted
            and amended B 30+15, was 40+15, reserved
        : STATE waitlisted > demand 5; CDC reserved > available 10
        amend B 35+15                       -> amended B 35+15, was 30+15, reserved
        amend B 101+15                      -> movement refused B: exceeds-authorised
        amend B 35+16                       -> amended B 35+16, was 35+15, waitlisted
        amend A 0+40                        -> amended A 0+40, was 0+50, reserved; promoted C 0+10 (rules 1)
        amend B 0+16                        -> amended B 0+16, was 35+16, reserved
        = B waitlisted, asked 0+16
        amend B 5+16                        -> amended B 5+16, was 0+16, waitlisted; promoted B 5+0 (rules 1)
        amend B 5+0                         -> amended B 5+0, was 5+16, waitlisted
        = B reserved, asked 5+0
        = STATE waiting 0
    """,
    "what ends a mixed one first amends away the part that waits": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare B 40+20                     -> reserved B 40+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 30+10                     -> reserved C 30+0 (rules 1); waitlisted C 0+10 (rules 1)
        withdraw B                          -> amended B 40+0, was 40+20, waitlisted
            and released B 40+0, was reserved
        : STATE waitlisted > demand 20; CDC reserved > available 40
        engage C CDC 25                     -> engaged C CDC 25
        close C                             -> decommitted C CDC 25
            and amended C 5+0, was 5+10, waitlisted
            and closed C 5+0, was reserved
        = C closed, asked 0+0
        = STATE reserved 50, waiting 0
    """,
    "each sends back its own part, together all that is reserved": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 60+20                     -> reserved A 60+20 (rules 1)
        declare B 40+20                     -> reserved B 40+20 (rules 1)
        freeze CDC 30 sending back          -> displaced B 40+0; frozen CDC 30
        : CDC reserved > available 40; CDC demand > waitlisted 40; CDC available > frozen 30
        = B reserved, asked 40+20
        freeze STATE 25 sending back        -> displaced B 0+20; frozen STATE 25
        = B waitlisted
        rules funders together              -> nothing
        freeze CDC 20 sending back          -> displaced A 60+20; frozen CDC 20
        = A waitlisted
    """,
    "a close amends away its own part, and releases who asks nothing else": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 60+50                     -> reserved A 60+50 (rules 1)
        declare B 40+20                     -> reserved B 40+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 0+5                       -> waitlisted C 0+5 (rules 1)
        close envelope STATE sending back   -> released C 0+5, was waitlisted
            and amended B 40+0, was 40+20, waitlisted
            and amended A 60+0, was 60+50, reserved
            and closed envelope STATE 50
        = A reserved, asked 60+0
        = B reserved, asked 40+0
    """,
    "together releases a mixed one from a close whole, and promotes the rest of another": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare B 40+20                     -> reserved B 40+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 30+10                     -> reserved C 30+0 (rules 1); waitlisted C 0+10 (rules 1)
        rules funders together              -> nothing
        amend A 0+25                        -> amended A 0+25, was 0+50, reserved; promoted B 0+20 (rules 2)
        close envelope CDC sending back     -> amended C 30+0, was 30+10, waitlisted
            and released C 30+0, was reserved
            and released B 40+20, was reserved
            and closed envelope CDC 100
    """,
    "a mixed one needs room where it does not wait, is sent back by its rules, and withdraws whole": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare B 40+20                     -> reserved B 40+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 50+0                      -> reserved C 50+0 (rules 1)
        amend B 51+20                       -> movement refused B: no-room
        amend C 50+1                        -> movement refused C: no-room
        amend A 0+45                        -> amended A 0+45, was 0+50, reserved
        amend C 50+5                        -> amended C 50+5, was 50+0, reserved
        = STATE room 0, waitlisted 20, waiting 1
        rules funders together              -> nothing
        freeze CDC 55 sending back          -> displaced C 50+5; frozen CDC 55
        = C waitlisted
        freeze CDC 10 sending back          -> displaced B 40+0; frozen CDC 10
        : CDC reserved > available 40; CDC demand > waitlisted 40; CDC available > frozen 10
        = B waitlisted, asked 40+20
        rules funders each                  -> nothing
        unfreeze CDC 10                     -> unfrozen CDC 10; promoted B 40+0 (rules 3)
        = B reserved
        rules funders together              -> nothing
        withdraw B                          -> amended B 40+0, was 40+20, waitlisted
            and released B 40+0, was reserved
        unfreeze CDC 5                      -> unfrozen CDC 5; promoted C 50+5 (rules 4)
    """,
    "a close takes the part that waits from one whose other part is engaged": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare B 40+20                     -> reserved B 40+0 (rules 1); waitlisted B 0+20 (rules 1)
        engage B CDC 30                     -> engaged B CDC 30
        close envelope STATE sending back   -> amended B 40+0, was 40+20, waitlisted
            and released A 0+50, was reserved
            and closed envelope STATE 50
        = B engaged, asked 40+0, engaged 30+0
        decommit B CDC 5                    -> decommitted B CDC 5
        = B engaged, asked 35+0, engaged 25+0
    """,
    "parts wait in the order of the rules": """
        open CDC 10                         -> opened CDC 10
        open STATE 10                       -> opened STATE 10
        rules funders each, order score     -> nothing
        declare A 10+0                      -> reserved A 10+0 (rules 1)
        declare B 4+2                       -> reserved B 0+2 (rules 1); waitlisted B 4+0 (rules 1)
        declare C 5+0                       -> waitlisted C 5+0 (rules 1)
        score C 80                          -> nothing
        amend A 5+0                         -> amended A 5+0, was 10+0, reserved; promoted C 5+0 (rules 1)
        = CDC room 0, waitlisted 4, waiting 1
        increase CDC 4                      -> increased CDC 4; promoted B 4+0 (rules 1)
    """,
}
