"""Ports for servers of the tests."""

import random
import socket


def free_port():
    """One that the kernel gives to no client by itself: who listens there, stops and begins again finds it free."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
