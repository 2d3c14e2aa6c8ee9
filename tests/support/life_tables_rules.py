"""A programme's own rules, told in tables: each line is a step and what is answered, as `life_lines.py` says.

The tables were computed by hand from section 5 of docs/ledger-rules.md.
"""

RULES = {
    "without rules nothing says a version, and rules bind from their place on": """
        open CDC 1000                       -> opened CDC 1_000
        declare A 60+0 costing 60           -> reserved A 60+0
        rules project 50                    -> nothing
        declare B 50+0                      -> reserved B 50+0 (rules 1)
        declare C 50.01+0                   -> refused C 50.01+0: exceeds-project-cap (rules 1)
        rules project 50                    -> nothing
        declare D 50+0                      -> reserved D 50+0 (rules 1)
        rules project 40                    -> nothing
        declare E 50+0                      -> refused E 50+0: exceeds-project-cap (rules 2)
        declare F 50+0 in 2017              -> refused F 50+0: envelope-unknown
        = A reserved, asked 60+0
        = CDC reserved 160, room 840
    """,
    "who is eligible: by contract, and by the day of the declaration": """
        open CDC 100                        -> opened CDC 100
        open CV221.CDC 100                  -> opened CV221.CDC 100
        rules from 2016-03-01, until 2016-06-30     -> nothing
        rules at CV221 closed               -> nothing
        declare A 10+0 on 2016-02-29        -> refused A 10+0: not-eligible (rules 1)
        declare B 10+0 on 2016-03-01        -> reserved B 10+0 (rules 1)
        declare C 10+0 on 2016-06-30        -> reserved C 10+0 (rules 1)
        declare D 10+0 on 2016-07-01        -> refused D 10+0: not-eligible (rules 1)
        declare E 10+0 at CV221 on 2016-03-01       -> refused E 10+0: not-eligible (rules 1)
        amend B 20+0                        -> amended B 20+0, was 10+0, reserved
        rules closed                        -> nothing
        amend B 21+0                        -> movement refused B: not-eligible (rules 2)
        amend B 19+0                        -> amended B 19+0, was 20+0, reserved
        engage B CDC 19                     -> engaged B CDC 19
    """,
    "a cap for each project, over both funders": """
        open CDC 100                        -> opened CDC 100
        open STATE 100 payments 0           -> opened STATE 100
        rules project 60                    -> nothing
        declare A 30+30                     -> reserved A 30+30 (rules 1)
        declare B 30+30.01                  -> refused B 30+30.01: exceeds-project-cap (rules 1)
        declare C 101+0                     -> refused C 101+0: exceeds-project-cap (rules 1)
        amend A 31+29                       -> amended A 31+29, was 30+30, reserved
        amend A 31+30                       -> movement refused A: exceeds-project-cap (rules 1)
        engage A CDC 31                     -> engaged A CDC 31
        amend A 20+60                       -> movement refused A: below-engaged
        close envelope STATE sending back   -> amended A 31+0, was 31+29, reserved; closed envelope STATE 100
        declare D 40+40                     -> refused D 40+40: envelope-closed (rules 1)
        declare E 60+0 in 2017              -> refused E 60+0: envelope-unknown
        rules project 500                   -> nothing
        declare F 101+0                     -> refused F 101+0: exceeds-authorised (rules 2)
    """,
    "a cap for each beneficiary, within a contract and an exercise": """
        open CDC 100                        -> opened CDC 100
        open CDC.2017 100                   -> opened CDC.2017 100
        open CV221.CDC 100                  -> opened CV221.CDC 100
        declare A 40+0 for X                -> reserved A 40+0
        rules beneficiary 60                -> nothing
        declare B 20.01+0 for X             -> refused B 20.01+0: exceeds-beneficiary-cap (rules 1)
        declare C 20+0 for X                -> reserved C 20+0 (rules 1)
        declare D 1+0 for X                 -> refused D 1+0: exceeds-beneficiary-cap (rules 1)
        declare E 30+0                      -> reserved E 30+0 (rules 1)
        declare F 10+0 for Y                -> reserved F 10+0 (rules 1)
        declare G 20+0 for Y                -> waitlisted G 20+0 (rules 1)
        declare H 31+0 for Y                -> refused H 31+0: exceeds-beneficiary-cap (rules 1)
        declare I 60+0 for X in 2017        -> reserved I 60+0
        declare J 60+0 for X at CV221       -> reserved J 60+0
        amend C 21+0                        -> movement refused C: exceeds-beneficiary-cap (rules 1)
        withdraw E                          -> released E 30+0, was reserved; promoted G 20+0 (rules 1)
        engage A CDC 30                     -> engaged A CDC 30
        close A                             -> decommitted A CDC 30; closed A 10+0, was reserved
        declare K 40.01+0 for X             -> refused K 40.01+0: exceeds-beneficiary-cap (rules 1)
        withdraw C                          -> released C 20+0, was reserved
        declare L 60+0 for X                -> reserved L 60+0 (rules 1)
    """,
    "a right of each contract: a cap over the whole programme, split beforehand": """
        open CDC 1000                       -> opened CDC 1_000
        open CV221.CDC 1000                 -> opened CV221.CDC 1_000
        open CDC.2017 1000                  -> opened CDC.2017 1_000
        declare A 10+0 for X                -> reserved A 10+0
        rules right 60                      -> nothing
        rules at CV221 right 40             -> nothing
        declare B 50+0 for X                -> reserved B 50+0 (rules 1)
        declare C 0.01+0 for X              -> refused C 0.01+0: exceeds-programme-cap (rules 1)
        declare D 40+0 for X at CV221       -> reserved D 40+0 (rules 1)
        declare E 1+0 for X at CV221        -> refused E 1+0: exceeds-programme-cap (rules 1)
        declare F 60+0 for Y                -> reserved F 60+0 (rules 1)
        declare G 500+0                     -> reserved G 500+0 (rules 1)
        declare H 500+0 for X in 2017       -> reserved H 500+0
        amend A 11+0                        -> movement refused A: exceeds-programme-cap (rules 1)
        rules at CV221 right 0              -> nothing
        declare I 1+0 for Y at CV221        -> refused I 1+0: exceeds-programme-cap (rules 2)
        amend D 39+0 at CV221               -> amended D 39+0, was 40+0, reserved
        withdraw B                          -> released B 50+0, was reserved
        declare J 50+0 for X                -> reserved J 50+0 (rules 1)
        rules right 60, beneficiary 30, cdc 10      -> nothing
        declare K 1+0 costing 10 for X      -> refused K 1+0: exceeds-beneficiary-cap (rules 2)
        rules right 60, beneficiary 70, cdc 10      -> nothing
        declare L 5+0 costing 10 for X      -> refused L 5+0: exceeds-programme-cap (rules 3)
    """,
    "the share of each funder, and all public aid, in percent of the cost": """
        open CDC 1000                       -> opened CDC 1_000
        open STATE 1000 payments 0          -> opened STATE 1_000
        rules cdc 50, state 40, public 80   -> nothing
        declare A 50+30 costing 100         -> reserved A 50+30 (rules 1)
        declare B 50.01+0 costing 100       -> refused B 50.01+0: exceeds-share (rules 1)
        declare C 0+40.01 costing 100       -> refused C 0+40.01: exceeds-share (rules 1)
        declare D 50+30.01 costing 100      -> refused D 50+30.01: exceeds-public-aid (rules 1)
        declare E 16.67+0 costing 33.33     -> refused E 16.67+0: exceeds-share (rules 1)
        declare F 16.66+0 costing 33.33     -> reserved F 16.66+0 (rules 1)
        amend A 50+30 costing 99            -> movement refused A: exceeds-share (rules 1)
        amend A 49+30 costing 98            -> movement refused A: exceeds-public-aid (rules 1)
        amend A 49+29 costing 98            -> amended A 49+29, was 50+30, reserved
        amend A 49+30 costing 98            -> movement refused A: exceeds-public-aid (rules 1)
        amend A 50+30 costing 101           -> amended A 50+30, was 49+29, reserved
        rules cdc 10                        -> nothing
        amend A 40+30 costing 101           -> amended A 40+30, was 50+30, reserved
        amend A 40+31 costing 200           -> movement refused A: exceeds-share (rules 2)
    """,
    "rules are looked at in their order, the period first": """
        open CDC 1000                       -> opened CDC 1_000
        rules from 2016-03-01, project 50, beneficiary 40, cdc 60, public 50      -> nothing
        declare A 90+0 costing 100 for X on 2016-01-01      -> refused A 90+0: not-eligible (rules 1)
        declare B 90+0 costing 100 for X    -> refused B 90+0: exceeds-project-cap (rules 1)
        declare C 45+0 costing 50 for X     -> refused C 45+0: exceeds-beneficiary-cap (rules 1)
        declare D 35+0 costing 50 for X     -> refused D 35+0: exceeds-share (rules 1)
        declare E 30+0 costing 50 for X     -> refused E 30+0: exceeds-public-aid (rules 1)
        declare F 25+0 costing 50 for X     -> reserved F 25+0 (rules 1)
    """,
    "a strict waitlist serves nobody behind who does not fit; one that skips does": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        declare B 50+0                      -> waitlisted B 50+0
        declare C 30+0                      -> waitlisted C 30+0
        rules project 100                   -> nothing
        rules waitlist skip                 -> promoted C 30+0 (rules 2)
        declare D 20+0                      -> waitlisted D 20+0 (rules 2)
        declare E 10+0                      -> reserved E 10+0 (rules 2)
        declare F 45+0 priority 1           -> waitlisted F 45+0 (rules 2)
        amend D 5+0                         -> amended D 5+0, was 20+0, waitlisted
        withdraw C                          -> released C 30+0, was reserved; promoted D 5+0 (rules 2)
        = CDC reserved 75, room 25, waiting 2
        rules project 100                   -> nothing
        declare G 5+0                       -> waitlisted G 5+0 (rules 3)
        withdraw A                          -> released A 60+0, was reserved; promoted F 45+0 (rules 3)
        withdraw B                          -> released B 50+0, was waitlisted; promoted G 5+0 (rules 3)
        = CDC reserved 65, room 35, waiting 0
    """,
    "first come, first served: priorities do not count": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        declare B 60+0                      -> waitlisted B 60+0
        declare C 60+0 priority 1           -> waitlisted C 60+0
        rules order first-come              -> nothing
        withdraw A                          -> released A 100+0, was reserved; promoted B 60+0 (rules 1)
        declare D 30+0                      -> waitlisted D 30+0 (rules 1)
        withdraw B                          -> released B 60+0, was reserved
            and promoted C 60+0 (rules 1)
            and promoted D 30+0 (rules 1)
    """,
    "the higher score is served first, equal ones by place, who has none last": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        declare B 60+0                      -> waitlisted B 60+0
        declare C 60+0 priority 1           -> waitlisted C 60+0
        declare D 30+0                      -> waitlisted D 30+0
        declare E 30+0                      -> waitlisted E 30+0
        score D 40                          -> nothing
        rules order score                   -> nothing
        score E 40                          -> nothing
        score B 90                          -> nothing
        score C 0                           -> nothing
        withdraw A                          -> released A 100+0, was reserved
            and promoted B 60+0 (rules 1)
            and promoted D 30+0 (rules 1)
        score C 1000                        -> nothing
        increase CDC 20                     -> increased CDC 20
        score C none                        -> promoted E 30+0 (rules 1)
        reduce CDC 30 sending back          -> displaced E 30+0; reduced CDC 30
        score C 50                          -> nothing
        increase CDC 30                     -> increased CDC 30
        amend E 20+0                        -> amended E 20+0, was 30+0, waitlisted
        score E 51                          -> promoted E 20+0 (rules 1)
        = C waitlisted, score 50
        = E reserved, score 51
        = CDC reserved 110, room 10, waiting 1
    """,
    "who asks more goes behind those with the same score": """
        open CDC 100                        -> opened CDC 100
        declare A 100+0                     -> reserved A 100+0
        rules order score                   -> nothing
        declare B 50+0                      -> waitlisted B 50+0 (rules 1)
        declare C 60+0                      -> waitlisted C 60+0 (rules 1)
        score B 7                           -> nothing
        score C 7                           -> nothing
        amend B 55+0                        -> amended B 55+0, was 50+0, waitlisted
        withdraw A                          -> released A 100+0, was reserved; promoted C 60+0 (rules 1)
    """,
    "a score is kept under any order, for whoever stands": """
        open CDC 100                        -> opened CDC 100
        score A 10                          -> not done: commitment-unknown
        declare A 60+0                      -> reserved A 60+0
        score A 10 at CV221                 -> not done: commitment-unknown
        score A 10                          -> nothing
        = A reserved, score 10
        declare B 200+0                     -> refused B 200+0: exceeds-authorised
        score B 10                          -> not done: not-standing
        declare C 50+0                      -> waitlisted C 50+0
        declare D 40+0 priority 1           -> waitlisted D 40+0
        score C 5                           -> promoted D 40+0
        engage A CDC 60                     -> engaged A CDC 60
        score A 20                          -> nothing
        close A                             -> decommitted A CDC 60; closed A 0+0, was reserved; promoted C 50+0
        score A 30                          -> not done: not-standing
        withdraw C                          -> released C 50+0, was reserved
        score C 30                          -> not done: not-standing
        = A closed, score 20
    """,
    "who is served by its score is looked at again with what was held for it": """
        open CDC 100                        -> opened CDC 100
        rules order score                   -> nothing
        declare A 100+0                     -> reserved A 100+0 (rules 1)
        declare B 60+0                      -> waitlisted B 60+0 (rules 1)
        declare C 40+0                      -> waitlisted C 40+0 (rules 1)
        engage C CDC 40                     -> movement held C: waits-for-room
        amend A 50+0                        -> amended A 50+0, was 100+0, reserved
        score C 1                           -> promoted C 40+0 (rules 1); engaged C CDC 40 (held: engage C)
        : CDC waitlisted > demand 40; CDC available > reserved 40; CDC reserved > engaged 40
    """,
    "who is served by new rules is looked at again with what was held for it": """
        open CDC 100                        -> opened CDC 100
        declare A 80+0                      -> reserved A 80+0
        declare B 50+0                      -> waitlisted B 50+0
        declare C 20+0                      -> waitlisted C 20+0
        engage C CDC 20                     -> movement held C: waits-for-room
        rules waitlist skip                 -> promoted C 20+0 (rules 1); engaged C CDC 20 (held: engage C)
        : CDC waitlisted > demand 20; CDC available > reserved 20; CDC reserved > engaged 20
    """,
}
