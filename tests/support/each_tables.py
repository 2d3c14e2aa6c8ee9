"""Each funder on its own, told in tables: each line is a step and what is answered, as `life_lines.py` says.

The tables were computed by hand from the end of section 5 of docs/ledger-rules.md.
"""

EACH = {
    "a declaration is told once when its parts fare alike, else first what is reserved": """
        open CDC 100                        -> opened CDC 100
        open STATE 60                       -> opened STATE 60
        rules funders each                  -> nothing
        declare A 60+55                     -> reserved A 60+55 (rules 1)
        declare B 30+10                     -> reserved B 30+0 (rules 1); waitlisted B 0+10 (rules 1)
        : CDC available > reserved 30; STATE demand > waitlisted 10
        = B reserved, asked 30+10
        = CDC reserved 90, room 10, waitlisted 0, waiting 0
        = STATE reserved 55, room 5, waitlisted 10, waiting 1
        declare C 20+5                      -> waitlisted C 20+5 (rules 1)
        declare D 10+0                      -> waitlisted D 10+0 (rules 1)
        declare E 1+61                      -> refused E 1+61: exceeds-authorised (rules 1)
        = E refused, asked 1+61
        = STATE waiting 2
        = C waitlisted
    """,
    "the CDC's part may wait while the State's is reserved; rules that skip look at room alone": """
        open CDC 100                        -> opened CDC 100
        open STATE 60                       -> opened STATE 60
        rules funders each, waitlist skip   -> nothing
        declare A 95+0                      -> reserved A 95+0 (rules 1)
        declare B 10+20                     -> reserved B 0+20 (rules 1); waitlisted B 10+0 (rules 1)
        = B reserved, asked 10+20
        declare C 5+50                      -> reserved C 5+0 (rules 1); waitlisted C 0+50 (rules 1)
        declare D 1+40                      -> reserved D 0+40 (rules 1); waitlisted D 1+0 (rules 1)
    """,
    "promotions serve part by part, and who does not fit closes its own envelope alone": """
        open CDC 50                         -> opened CDC 50
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 50+50                     -> reserved A 50+50 (rules 1)
        declare B 20+20                     -> waitlisted B 20+20 (rules 1)
        declare C 10+5                      -> waitlisted C 10+5 (rules 1)
        amend A 40+45                       -> amended A 40+45, was 50+50, reserved
        amend A 30+45                       -> amended A 30+45, was 40+45, reserved; promoted B 20+0 (rules 1)
        : CDC reserved > available 10; CDC waitlisted > demand 20; CDC available > reserved 20
        = B reserved, asked 20+20
        = STATE waitlisted 25, waiting 2
        amend A 20+45                       -> amended A 20+45, was 30+45, reserved; promoted C 10+0 (rules 1)
        = C reserved
        rules funders each, waitlist skip   -> promoted C 0+5 (rules 2)
        = STATE room 0, waitlisted 20, waiting 1
        amend A 10+25                       -> amended A 10+25, was 20+45, reserved; promoted B 0+20 (rules 2)
        = STATE waiting 0, reserved 50
    """,
    "both parts may be promoted at once": """
        open CDC 50                         -> opened CDC 50
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 50+50                     -> reserved A 50+50 (rules 1)
        declare B 20+20                     -> waitlisted B 20+20 (rules 1)
        withdraw A                          -> released A 50+50, was reserved; promoted B 20+20 (rules 1)
        = B reserved
    """,
    "who waits at both is served by part once rules say each, and stays mixed when they say together": """
        open CDC 50                         -> opened CDC 50
        open STATE 50                       -> opened STATE 50
        declare A 50+35                     -> reserved A 50+35
        declare B 20+10                     -> waitlisted B 20+10
        rules funders each                  -> promoted B 0+10 (rules 1)
        = B reserved, asked 20+10
        rules funders together              -> nothing
        = B reserved, asked 20+10
        declare C 10+0                      -> waitlisted C 10+0 (rules 2)
        declare D 1+1                       -> waitlisted D 1+1 (rules 2)
        declare E 0+10                      -> waitlisted E 0+10 (rules 2)
        withdraw D                          -> released D 1+1, was waitlisted
        amend A 40+30                       -> amended A 40+30, was 50+35, reserved; promoted E 0+10 (rules 2)
        amend A 30+30                       -> amended A 30+30, was 40+30, reserved; promoted B 20+0 (rules 2)
        = CDC room 0, waitlisted 10, waiting 1
        amend A 20+30                       -> amended A 20+30, was 30+30, reserved; promoted C 10+0 (rules 2)
        = CDC waiting 0
        = STATE waiting 0
    """,
    "a manager sends back the part of the envelope alone, and none that waits already": """
        open CDC 100                        -> opened CDC 100
        open STATE 100                      -> opened STATE 100
        rules funders each                  -> nothing
        declare A 60+60                     -> reserved A 60+60 (rules 1)
        declare B 40+40                     -> reserved B 40+40 (rules 1)
        reduce CDC 30 sending back          -> displaced B 40+0; reduced CDC 30
        : CDC reserved > available 40; CDC demand > waitlisted 40; CDC available > voted 30
        = B reserved, asked 40+40
        = CDC room 10, waitlisted 40, waiting 1
        = STATE reserved 100, waiting 0
        reduce CDC 20                       -> not done: no-room (A)
        reduce STATE 10 sending back        -> displaced B 0+40; reduced STATE 10
        = B waitlisted, asked 40+40
        reduce CDC 20 sending back          -> displaced A 60+0; reduced CDC 20
        = A reserved, asked 60+60
        withdraw A                          -> amended A 0+60, was 60+60, waitlisted
        and released A 0+60, was reserved
        and promoted B 40+40 (rules 1)
        = A released, asked 0+60
        = CDC waiting 0, reserved 40
    """,
    "rules that say together send back all that is reserved of one who is mixed": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 10+50                     -> reserved A 10+50 (rules 1)
        declare B 40+10                     -> reserved B 40+0 (rules 1); waitlisted B 0+10 (rules 1)
        rules funders together              -> nothing
        declare C 10+0                      -> reserved C 10+0 (rules 2)
        reduce STATE 50 sending back        -> displaced A 10+50; reduced STATE 50
        = A waitlisted
        reduce CDC 70 sending back          -> displaced C 10+0; displaced B 40+0; reduced CDC 70
        = B waitlisted, asked 40+10
    """,
    "an envelope is closed by amending away its parts, and by releasing who asks nothing else": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 10+0                      -> reserved A 10+0 (rules 1)
        declare B 20+20                     -> reserved B 20+20 (rules 1)
        declare C 30+40                     -> reserved C 30+0 (rules 1); waitlisted C 0+40 (rules 1)
        declare D 0+5                       -> waitlisted D 0+5 (rules 1)
        declare E 10+10                     -> reserved E 10+0 (rules 1); waitlisted E 0+10 (rules 1)
        declare F 5+5                       -> reserved F 5+0 (rules 1); waitlisted F 0+5 (rules 1)
        engage F CDC 2                      -> engaged F CDC 2
        close envelope STATE                -> not done: envelope-in-use (B, C, D, E, F)
        close envelope STATE sending back   -> amended F 5+0, was 5+5, waitlisted
        and amended E 10+0, was 10+10, waitlisted
        and released D 0+5, was waitlisted
        and amended C 30+0, was 30+40, waitlisted
        and amended B 20+0, was 20+20, reserved
        and closed envelope STATE 50
        = F engaged, asked 5+0
        = C reserved, asked 30+0
        close envelope CDC sending back     -> amended F 2+0, was 5+0, reserved; released E 10+0, was reserved
        and released C 30+0, was reserved
        and released B 20+0, was reserved
        and released A 10+0, was reserved
        and closed envelope CDC 98
    """,
    "whose reserved part is closed away waits whole, and who waits at both keeps waiting for the other": """
        open CDC 20                         -> opened CDC 20
        open STATE 30                       -> opened STATE 30
        rules funders each                  -> nothing
        declare A 0+30                      -> reserved A 0+30 (rules 1)
        declare B 15+10                     -> reserved B 15+0 (rules 1); waitlisted B 0+10 (rules 1)
        declare C 10+10                     -> waitlisted C 10+10 (rules 1)
        close envelope CDC sending back     -> amended C 0+10, was 10+10, waitlisted
        and amended B 0+10, was 15+10, reserved
        and closed envelope CDC 20
        = B waitlisted, asked 0+10
        = C waitlisted, asked 0+10
        withdraw A                          -> released A 0+30, was reserved
        and promoted B 0+10 (rules 1)
        and promoted C 0+10 (rules 1)
    """,
    "under together an envelope is closed by releasing who is mixed, what waits amended away first": """
        open CDC 20                         -> opened CDC 20
        open STATE 30                       -> opened STATE 30
        rules funders each                  -> nothing
        declare A 0+30                      -> reserved A 0+30 (rules 1)
        declare B 10+10                     -> reserved B 10+0 (rules 1); waitlisted B 0+10 (rules 1)
        rules funders together              -> nothing
        close envelope CDC sending back     -> amended B 10+0, was 10+10, waitlisted
        and released B 10+0, was reserved
        and closed envelope CDC 20
        = STATE waiting 0
    """,
    "an amendment of who is mixed is told by standing, looks for room where it does not wait, and goes to the end": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 50+50                     -> reserved A 50+50 (rules 1)
        declare B 30+20                     -> reserved B 30+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 0+10                      -> waitlisted C 0+10 (rules 1)
        amend B 30+20                       -> amended B 30+20, was 30+20, reserved
        amend B 30+25                       -> amended B 30+25, was 30+20, waitlisted
        : STATE demand > waitlisted 5
        amend B 40+15                       -> amended B 30+15, was 30+25, waitlisted
        and amended B 40+15, was 30+15, reserved
        : STATE waitlisted > demand 10; CDC available > reserved 10
        amend B 51+15                       -> movement refused B: no-room
        amend B 40+51                       -> movement refused B: exceeds-authorised
        amend B 50+50                       -> amended B 40+50, was 40+15, waitlisted
        and amended B 50+50, was 40+50, reserved
        amend A 50+30                       -> amended A 50+30, was 50+50, reserved; promoted C 0+10 (rules 1)
        amend B 40+0                        -> amended B 50+0, was 50+50, waitlisted; amended B 40+0, was 50+0, reserved
        = B reserved, asked 40+0
        = STATE room 10, waiting 0, waitlisted 0
        amend B 40+11                       -> movement refused B: no-room
        amend B 40+5                        -> amended B 40+5, was 40+0, reserved
        declare D 5+20                      -> reserved D 5+0 (rules 1); waitlisted D 0+20 (rules 1)
        amend D 0+20                        -> amended D 0+20, was 5+20, reserved
        = D waitlisted, asked 0+20
        amend D 5+20                        -> amended D 5+20, was 0+20, waitlisted; promoted D 5+0 (rules 1)
        = D reserved
        amend D 0+10                        -> amended D 5+10, was 5+20, waitlisted; amended D 0+10, was 5+10, reserved
        = D waitlisted, asked 0+10
    """,
    "only a waiting part that grows loses its place": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare B 30+20                     -> reserved B 30+0 (rules 1); waitlisted B 0+20 (rules 1)
        declare C 0+10                      -> waitlisted C 0+10 (rules 1)
        amend B 40+15                       -> amended B 30+15, was 30+20, waitlisted
        and amended B 40+15, was 30+15, reserved
        amend A 0+30                        -> amended A 0+30, was 0+50, reserved; promoted B 0+15 (rules 1)
    """,
    "who is mixed is engaged, certified and paid of the part that does not wait, and stays engaged when promoted": """
        open CDC 100                        -> opened CDC 100
        open STATE 50 payments 50           -> opened STATE 50 payments 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        engage B CDC 50                     -> movement held B: not-declared
        declare B 60+40                     -> reserved B 60+0 (rules 1); waitlisted B 0+40 (rules 1)
        and engaged B CDC 50 (held: engage B)
        = B engaged, asked 60+40, engaged 50+0
        engage B STATE 41                   -> movement refused B: exceeds-reserved
        engage B STATE 40                   -> movement held B: waits-for-room
        certify B CDC 50                    -> certified B CDC 50
        advance B CDC 20                    -> paid B CDC 20 advance from treasury
        advance B STATE 20                  -> movement held B: not-engaged
        withdraw B                          -> movement refused B: already-engaged
        reduce CDC 45 sending back          -> not done: no-room
        engage B CDC 10                     -> engaged B CDC 10
        amend A 0+10                        -> amended A 0+10, was 0+50, reserved; promoted B 0+40 (rules 1)
        and engaged B STATE 40 (held: engage B)
        and paid B STATE 20 advance from credits of 2016 (held: advance B)
        = B engaged, asked 60+40, engaged 60+40
        = STATE engaged 40, waiting 0, waitlisted 0
    """,
    "a commitment that ends gives its waiting part up first; the decommitments of a closing come before": """
        open CDC 100                        -> opened CDC 100
        open STATE 50                       -> opened STATE 50
        rules funders each                  -> nothing
        declare A 0+50                      -> reserved A 0+50 (rules 1)
        declare C 20+10                     -> reserved C 20+0 (rules 1); waitlisted C 0+10 (rules 1)
        engage C CDC 15                     -> engaged C CDC 15
        close C                             -> decommitted C CDC 15; amended C 5+0, was 5+10, waitlisted
        and closed C 5+0, was reserved
        = C closed, asked 0+0
        declare D 20+10                     -> reserved D 20+0 (rules 1); waitlisted D 0+10 (rules 1)
        close D                             -> amended D 20+0, was 20+10, waitlisted; closed D 20+0, was reserved
        declare E 20+10                     -> reserved E 20+0 (rules 1); waitlisted E 0+10 (rules 1)
        engage E CDC 20                     -> engaged E CDC 20
        decommit E CDC 20                   -> decommitted E CDC 20
        = E engaged, asked 0+10
        amend E 0+12                        -> amended E 0+12, was 0+10, waitlisted
        = E engaged, asked 0+12
        amend E 5+10                        -> amended E 0+10, was 0+12, waitlisted
        and amended E 5+10, was 0+10, reserved
        withdraw A                          -> released A 0+50, was reserved; promoted E 0+10 (rules 1)
        = E engaged, asked 5+10
        = STATE reserved 10, waiting 0
        declare F 20+50                     -> reserved F 20+0 (rules 1); waitlisted F 0+50 (rules 1)
        withdraw F                          -> amended F 20+0, was 20+50, waitlisted; released F 20+0, was reserved
        = CDC reserved 5
        = STATE waiting 0
    """,
}
