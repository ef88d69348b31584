"""Which deadline has passed, and when to look again."""

import pytest

from headrace import Config
from headrace._deadlines import NEVER, PRESSED_TIMEOUT, Deadlines, Late
from headrace._settings import RouteSettings
from headrace._state import State

START = 1000.0
NONE = {"body_timeout": 0, "handler_timeout": 0, "min_rate": 0, "timeout": 0, "write_timeout": 0}
SETTINGS = {
    "body_timeout": 30,
    "min_rate": 10,
    "handler_timeout": 60,
    "timeout": 300,
    "write_timeout": 20,
    "min_write_rate": 10,
}


def deadlines(**own):
    return Deadlines(RouteSettings(Config(), own={**SETTINGS, **own}))


def settings(**own):
    return RouteSettings(Config(), own={**SETTINGS, **own})


class Look:
    """Looks at deadlines some seconds after the start, and checks ``at`` when nothing is late."""

    def __init__(self, due, state=State.HANDLING):
        self.due = due
        self.state = state

    def __call__(self, after, received=0, taken=0):
        assert self.due.at <= START + after, "nobody would have looked yet"
        late = self.due.look(START + after, self.state, received, taken)
        assert late is not None or self.due.at > START + after
        return late


@pytest.mark.parametrize("phase", [Late.HEAD, Late.KEEP_ALIVE, Late.LINGER])
def test_a_phase(phase):
    due = deadlines()
    due.enter(phase, START, 5)
    assert due.at == START + 5
    assert due.look(START + 4.9, None, 0, 0) is None
    assert due.look(START + 5, None, 0, 0) is phase


def test_nothing_is_due_at_first():
    assert deadlines().at == NEVER


def test_leaving_ends_every_phase():
    due = deadlines()
    due.enter(Late.LINGER, START, 5)
    due.leave()
    assert due.at == NEVER
    assert due.look(START + 1e6, None, 0, 0) is None


@pytest.mark.parametrize(
    ("own", "state", "after", "late"),
    [
        ({}, State.HANDLING, 59, None),
        ({}, State.HANDLING, 60, Late.HANDLER),
        ({}, State.RESPONDING, 299, None),
        ({}, State.RESPONDING, 300, Late.TOTAL),
        ({"timeout": 40}, State.HANDLING, 40, Late.TOTAL),
        ({"handler_timeout": 0}, State.HANDLING, 299, None),
        ({"timeout": 0}, State.RESPONDING, 1e6, None),
        (NONE, State.HANDLING, 1e6, None),
    ],
)
def test_an_exchange_without_a_body(own, state, after, late):
    due = deadlines()
    due.open(START, settings(**own), False)
    assert due.look(START + after, state, 0, 0) is late


def test_an_exchange_ends_the_phase_before():
    due = deadlines()
    due.enter(Late.KEEP_ALIVE, START, 75)
    due.open(START, settings(), False)
    assert due.at == START + 30
    assert due.look(START + 30, State.HANDLING, 0, 0) is None
    assert due.at == START + 60


@pytest.mark.parametrize("receiving", [False, True])
@pytest.mark.parametrize("pressed", [False, True])
@pytest.mark.parametrize("behind", [False, True])
def test_nothing_is_left_of_a_body_that_was_given_up(receiving, pressed, behind):
    due = deadlines()
    due.open(START, settings(handler_timeout=70), True)
    due.wait_for_body(START, 0)
    if behind:
        due.fall_behind(START)
    due.open(START + 20, settings(handler_timeout=70), receiving)
    assert due.look(START + 80, State.HANDLING, 0, 0, pressed=pressed) is None


def test_silence_in_a_body():
    due = deadlines()
    due.open(START, settings(min_rate=0), True)
    due.wait_for_body(START, 0)
    look = Look(due)
    due.hear(START + 20)
    assert look(30) is None
    assert due.at == START + 50
    assert look(50) is Late.BODY


def test_a_body_that_comes_too_slowly():
    due = deadlines()
    due.open(START, settings(), True)
    due.wait_for_body(START, 0)
    look = Look(due)
    due.hear(START + 29)
    assert look(30, received=300) is None
    due.hear(START + 59)
    assert look(60, received=599) is Late.RATE


@pytest.mark.parametrize("own", [{"body_timeout": 0}, {"min_rate": 0}])
def test_nobody_judges_the_rate(own):
    due = deadlines()
    due.open(START, settings(**own, timeout=0), True)
    due.wait_for_body(START, 0)
    due.hear(START + 59)
    assert due.look(START + 60, State.HANDLING, 0, 0) is None


def test_a_reader_that_is_behind_is_not_the_clients_fault():
    due = deadlines()
    due.open(START, settings(), True)
    due.wait_for_body(START, 0)
    due.stop_waiting()
    due.hear(START + 1)
    look = Look(due)
    assert look(200) is None
    due.wait_for_body(START + 200, 5)
    assert look(230, received=5) is Late.BODY


def test_the_handlers_time_begins_with_the_end_of_the_body():
    due = deadlines()
    due.open(START, settings(), True)
    due.wait_for_body(START, 0)
    due.complete(START + 50)
    look = Look(due)
    assert look(109) is None
    assert look(110) is Late.HANDLER


def test_a_client_that_takes_too_little():
    due = deadlines()
    due.open(START, settings(), False)
    due.wait_for_client(START + 5, 1000)
    look = Look(due, State.RESPONDING)
    assert look(25, taken=1200) is None
    assert look(45, taken=1399) is Late.STALLED


@pytest.mark.parametrize("state", [None, State.RESPONDING])
def test_a_client_that_took_enough_is_let_alone(state):
    due = deadlines(write_timeout=20)
    due.open(START, settings(timeout=0, handler_timeout=0), False)
    due.wait_for_client(START, 0)
    due.drained()
    assert due.look(START + 1e6, state, 0, 0) is None


def test_nobody_judges_what_a_client_takes():
    due = deadlines()
    due.open(START, settings(**NONE), False)
    due.wait_for_client(START, 0)
    assert due.at == NEVER


@pytest.mark.parametrize("step", ["enter", "open"])
def test_a_client_that_is_behind_stays_so_from_one_exchange_to_the_next(step):
    due = deadlines()
    due.wait_for_client(START, 0)
    if step == "enter":
        due.enter(Late.KEEP_ALIVE, START + 1, 75)
    else:
        due.open(START + 1, settings(**NONE), False)
    assert due.at == START + 20
    assert due.look(START + 20, None, 0, 0) is Late.STALLED


def test_an_overdue_handler_has_a_grace():
    due = deadlines()
    due.open(START, settings(timeout=10), False)
    look = Look(due)
    assert look(10) is Late.TOTAL
    due.overdue(START + 10, 5)
    assert look(15) is Late.OVERDUE


@pytest.mark.parametrize(
    ("own", "after", "late"),
    [
        ({}, 60, Late.UNHEARD),
        ({"timeout": 50}, 50, Late.TOTAL),
        ({"handler_timeout": 0}, 300, Late.TOTAL),
        ({"timeout": 10}, 10, Late.TOTAL),
    ],
)
def test_without_a_client_a_handler_has_as_long_as_an_answer_had(own, after, late):
    due = deadlines()
    due.open(START, settings(**own), True)
    due.wait_for_body(START, 0)
    due.wait_for_client(START, 0)
    due.lose_client(START)
    look = Look(due, State.LOST)
    assert due.look(START + after - 1, State.LOST, 0, 0) is None
    assert look(after) is late


def test_a_body_that_is_held_up_has_its_time_anew_and_no_rate():
    due = deadlines()
    due.open(START, settings(), True)
    due.wait_for_body(START, 0)
    due.hold_up(START + 20)
    look = Look(due)
    assert look(49) is None
    assert look(50) is Late.BODY
    due.stop_waiting()
    due.hold_up(START + 50)
    assert due.look(START + 60, State.HANDLING, 0, 0) is None


def test_a_client_in_a_hurry_has_to_take_everything():
    due = deadlines(write_timeout=0)
    due.open(START, settings(handler_timeout=0, timeout=0), False)
    due.wait_for_client(START, 500, unsent=1000)
    assert due.at == START + PRESSED_TIMEOUT
    look = Look(due, State.RESPONDING)
    assert look(PRESSED_TIMEOUT, taken=1500) is None
    assert look(2 * PRESSED_TIMEOUT, taken=2499) is Late.STALLED


def test_a_hurry_that_comes_and_goes_is_judged_all_the_same():
    due = deadlines(write_timeout=20)
    due.open(START, settings(handler_timeout=0, timeout=0), False)
    late = []
    for step in range(44):
        due.wait_for_client(START + step / 4, 0, unsent=1000 if step % 2 else 0)
        late.append(due.look(START + step / 4, State.RESPONDING, 0, 0))
    assert late[:41] == [None] * 41
    assert Late.STALLED in late[41:]


def test_a_hurry_that_is_over_does_not_count():
    due = deadlines(write_timeout=20)
    due.open(START, settings(handler_timeout=0, timeout=0), False)
    due.wait_for_client(START, 0, unsent=1000)
    due.wait_for_client(START + 1, 0)
    assert due.look(START + 15, State.RESPONDING, 0, 0) is None
    due.wait_for_client(START + 15, 0, unsent=1000)
    assert due.look(START + 19, State.RESPONDING, 0, 0) is None


@pytest.mark.parametrize(
    ("pressed", "after", "late"), [(True, 59, None), (True, 60, Late.BEHIND), (False, 250, None)]
)
def test_a_reader_that_is_behind_under_pressure(pressed, after, late):
    due = deadlines()
    due.open(START, settings(), True)
    due.wait_for_body(START, 0)
    due.fall_behind(START)
    assert due.look(START + after, State.HANDLING, 0, 0, pressed=pressed) is late


def test_a_reader_that_reads_on_is_not_behind():
    due = deadlines()
    due.open(START, settings(), True)
    due.fall_behind(START)
    due.wait_for_body(START + 50, 0)
    assert due.look(START + 70, State.HANDLING, 0, 0, pressed=True) is None


def test_a_hurry_is_no_longer_than_the_usual_time():
    due = Deadlines(settings(write_timeout=2))
    due.wait_for_client(START, 0, unsent=1000)
    assert due.at == START + 2
