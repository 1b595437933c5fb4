"""Work beside the window: it ends when it is told to, and the window never waits long for that."""

from __future__ import annotations

import sys
from threading import Event

from backprop_gui.session.worker import LONGEST_WAIT, Worker


def test_an_iteration_that_takes_long_ends_unseen():
    """Who stops gets what was done, not what is still under way; Python's switching is as before."""
    usual, begun, may_end = sys.getswitchinterval(), Event(), Event()

    def work(stopped):
        yield 1
        begun.set()
        may_end.wait(10)
        assert stopped()
        yield 2

    worker = Worker(work, "slow")
    assert begun.wait(10)
    assert sys.getswitchinterval() < usual
    assert worker.stop() == [1]
    other = Worker(lambda stopped: iter([7]), "next")
    other._thread.join(10)
    may_end.set()
    worker._thread.join(10)
    assert other.parts() == [7]
    assert other.done
    assert not worker._thread.is_alive()
    assert sys.getswitchinterval() == usual
    assert LONGEST_WAIT < 0.016


def test_what_was_done_before_the_stop_is_not_lost():
    """All parts arrive, in order, also more than wait in the queue."""

    def work(stopped):
        number = 0
        while not stopped():
            yield number
            number += 1

    worker = Worker(work, "counting")
    found: list[int] = []
    while len(found) < 300:
        found += worker.parts()
    worker.rest()
    worker.go_on()
    found += worker.stop()
    assert found == list(range(len(found)))
