"""How a reader does is judged from several looks."""

import pytest

from fabrique.lag import STALE_SECONDS, Look, State, judge


def looks(*seen: tuple[int, int], seconds: float = 1.0, answered: bool = True) -> list[Look]:
    """Looks at (next offset, records left)."""
    return [Look("funding", "topic", 0, offset, left, seconds if left else 0.0, answered) for offset, left in seen]


@pytest.mark.parametrize(
    ("past", "state"),
    [
        (looks((5, 0)), State.OK),
        (looks((5, 9), (14, 0)), State.OK),
        (looks((5, 9)), State.BEHIND),
        (looks((1, 9), (2, 8), (3, 9), (4, 8), (5, 7)), State.BEHIND),
        (looks((1, 5), (2, 6), (3, 7), (4, 8), (5, 9)), State.GROWING),
        (looks((1, 9), (1, 9), (1, 9), (1, 9), (1, 9)), State.STALLED),
        (looks((1, 9), (1, 9), seconds=STALE_SECONDS + 1), State.STOPPED),
        (looks((1, 9), answered=False), State.STOPPED),
        (looks((1, 0), answered=False), State.OK),
        (looks((5, 0), (2, 3)), State.REWOUND),
    ],
)
def test_a_state_is_judged_from_offsets_and_ages(past: list[Look], state: State) -> None:
    assert judge(past) is state
