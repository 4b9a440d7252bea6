"""A row of the table: who takes part, and what is hoped for."""

from dataclasses import dataclass


@dataclass
class Aim:
    """That measure @of is at most @most, or at most @most times the measure @than."""

    of: str
    most: float
    than: str = None


class Task:
    """Made anew for each run of the bench.  A contestant is a method that is listed in
    @contestants and returns a measure, in seconds, or several by name."""

    name = ""
    title = ""
    contestants = ()
    aims = ()
    units = {}      # of measures that are no seconds
    rounds = 5
    once = ()       # contestants so slow that one round must do
    is_default = True

    def __init__(self, stage):
        self.stage = stage

    def prepare(self):
        """What is not measured."""

    def finish(self):
        """What prepare() has begun."""
