"""A long random life (life.py): at each quiet point model, mount and server are equal.

    tests/run.sh -k random --seed=7 --steps=1000

Every other seed finds a server that lacks some extensions.
"""

import os
import random

import pytest

from life import Life
from model import LASTING

EXTENSIONS = ("MOVE", "UIDPLUS", "MULTIAPPEND", "LITERAL+", "CONDSTORE QRESYNC", "QRESYNC", "NOTIFY", "IDLE", "LIST-STATUS",
              "ESEARCH")


def lacking(seed):
    return " ".join(one for one in EXTENSIONS if seed % 2 == 0 and random.Random(f"{seed} {one}").random() < 0.4).split()


@pytest.fixture
def life(request, dovecot_with, mount, proxy):
    seed = request.config.getoption("--seed")
    without = lacking(seed)
    account = dovecot_with(without=without).add_account("alice")
    account.referee.create(*LASTING[1:])
    before = proxy(account.server.port)
    mounted = mount(account, "poll=1", "drain=0", port=before.port)
    for folder in mounted.path.iterdir():
        list((folder / "cur").iterdir())  # what was never listed cannot be listed offline
    return Life(seed, account, mounted, before, "UIDPLUS" not in without)


@pytest.mark.long_life
def test_a_random_life_ends_with_model_mount_and_server_equal(request, life):
    for number in range(1, request.config.getoption("--steps") + 1):
        life.step()
        if number % life.round == 0:
            life.be_quiet()
    life.be_quiet()
    assert os.listdir(life.mounted.path / ".mailfs" / "lost+found") == []
