"""Edges of the rules, told in tables: each stands for a change of the code that no other table noticed.

`life_lines.py` says how to read a line. The tables were computed by hand from docs/ledger-rules.md; how they were found
is in docs/mutation-testing.md.
"""

EDGES = {
    "what lapses serves nobody": """
        open CDC 100                        -> opened CDC 100
        declare A 60+0                      -> reserved A 60+0
        engage A CDC 60                     -> engaged A CDC 60
        declare B 50+0 priority 9           -> waitlisted B 50+0
        declare C 30+0 priority 1           -> waitlisted C 30+0
        decommit A CDC 10 in 2017           -> decommitted A CDC 10, lapsed
        decommit A CDC 10                   -> decommitted A CDC 10; promoted C 30+0
    """,
    "on a closed envelope an amount may stay, and fall": """
        open CDC 100                        -> opened CDC 100
        open STATE 100 payments 0           -> opened STATE 100
        declare A 40+10                     -> reserved A 40+10
        engage A CDC 30                     -> engaged A CDC 30
        close envelope CDC sending back     -> amended A 30+10, was 40+10, reserved; closed envelope CDC 70
        amend A 30+20                       -> amended A 30+20, was 30+10, reserved
        amend A 30.01+20                    -> movement refused A: envelope-closed
        engage A STATE 5                    -> engaged A STATE 5
        close envelope STATE sending back   -> amended A 30+5, was 30+20, reserved; closed envelope STATE 95
        amend A 30+5                        -> amended A 30+5, was 30+5, reserved
    """,
    "whom no beneficiary names is judged by no cap of beneficiaries": """
        open CDC 200                        -> opened CDC 200
        rules beneficiary 60                -> nothing
        declare A 61+0                      -> reserved A 61+0 (rules 1)
        amend A 62+0                        -> amended A 62+0, was 61+0, reserved
        declare B 40+0 for X                -> reserved B 40+0 (rules 1)
        amend B 60+0                        -> amended B 60+0, was 40+0, reserved
        amend B 60.01+0                     -> movement refused B: exceeds-beneficiary-cap (rules 1)
    """,
    "who asks the same again is not judged by rules that came since": """
        open CDC 100                        -> opened CDC 100
        open STATE 100 payments 0           -> opened STATE 100
        declare A 50+20                     -> reserved A 50+20
        rules project 40                    -> nothing
        amend A 50+20                       -> amended A 50+20, was 50+20, reserved
        amend A 50+19                       -> amended A 50+19, was 50+20, reserved
        amend A 49+19                       -> amended A 49+19, was 50+19, reserved
        amend A 49+20                       -> movement refused A: exceeds-project-cap (rules 1)
    """,
    "a carry-over counts with all that went before it": """
        open STATE 10 payments 100          -> opened STATE 10 payments 100
        open STATE.2017 10 payments 0       -> opened STATE.2017 10
        carry-over STATE 0 payments 2 to STATE.2017 -> carried over to STATE.2017 0 payments 2 from STATE
        carry-over STATE 0 payments 0.50 to STATE.2017 -> carried over to STATE.2017 0 payments 0.50 from STATE
        carry-over STATE 0 payments 0.51 to STATE.2017 -> not done: carry-over-limit
        carry-over STATE 0 payments 0.50 to STATE.2017 -> carried over to STATE.2017 0 payments 0.50 from STATE
    """,
}
