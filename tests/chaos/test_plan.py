"""One seed, one plan."""
import itertools

import pytest

import events
import faults
import plan


def some(seed, lane, count=40):
    return list(itertools.islice(plan.faults(seed, lane), count))


@pytest.mark.parametrize("lane", plan.LANES)
def test_a_seed_brings_the_same_faults_again_and_another_one_others(lane):
    assert some(1, lane) == some(1, lane)
    assert some(1, lane) != some(2, lane)


@pytest.mark.parametrize("lane", plan.LANES)
def test_every_kind_comes_before_any_comes_again_and_can_be_played(lane):
    kinds = set(plan.LANES[lane][0])
    assert {fault.kind for fault in some(1, lane, len(kinds))} == kinds
    assert kinds <= faults.KINDS.keys()


def published(seed):
    author = events.Author(seed, "topic", 8)
    for second in range(60):
        author.act(second)
    return author.published


def test_a_seed_brings_the_same_events_again_and_of_every_kind():
    assert published(1) == published(1)
    assert published(1) != published(2)
    assert {event.kind for event in published(1)} == events.POLICY.keys()
