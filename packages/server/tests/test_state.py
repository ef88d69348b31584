"""Every state with every step: the next state, or a refusal."""

import pytest

from headrace import _state
from headrace._state import TABLE, State, Step, advance

EXPECTED = {
    State.RECEIVING: {Step.START: State.HANDLING, Step.LOSE: State.ENDED},
    State.HANDLING: {
        Step.HEAD: State.RESPONDING,
        Step.ANSWER: State.FINISHING,
        Step.LOSE: State.LOST,
    },
    State.RESPONDING: {
        Step.RETRACT: State.HANDLING,
        Step.END: State.FINISHING,
        Step.LOSE: State.LOST,
    },
    State.FINISHING: {Step.RETURN: State.ENDED, Step.LOSE: State.FINISHING},
    State.LOST: {Step.RETURN: State.ENDED, Step.LOSE: State.LOST},
    State.ENDED: {Step.LOSE: State.ENDED},
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_each_pair(state, step):
    following = EXPECTED[state].get(step)
    if following is None:
        with pytest.raises(RuntimeError, match=f"that is {state.name} cannot {step.name}"):
            advance(state, step)
    else:
        assert advance(state, step) is following


def test_the_way_of_a_request_that_is_answered_at_once():
    way = [State.RECEIVING]
    for step in (Step.START, Step.ANSWER, Step.RETURN):
        way.append(advance(way[-1], step))
    assert way == [_state.RECEIVING, _state.HANDLING, _state.FINISHING, _state.ENDED]
    assert all(getattr(_state, state.name) is state for state in way)


def test_a_peer_may_vanish_in_every_state():
    assert {state for state, step in TABLE if step is Step.LOSE} == set(State)


def test_every_state_but_the_last_has_a_way_on():
    assert {state for state, step in TABLE if TABLE[state, step] is not state} == (
        set(State) - {State.ENDED}
    )
