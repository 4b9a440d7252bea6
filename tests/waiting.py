"""Waiting for something to become true, with a deadline."""

import time


def wait_for(condition, seconds=10, what=None):
    """Returns the first true value of condition(); fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(0.01)
