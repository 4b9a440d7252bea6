"""A slow line to a server, in a process of its own: run beside what is measured.

    python3 tests/bench/line.py PORT LATENCY_MS BITS_PER_S

LATENCY_MS is of a round trip, 0 BITS_PER_S no limit.  It prints the port at which
it listens.  Then a line on standard input is answered with what has passed since
the last one, as JSON; at the end of the input it ends.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from proxy import Proxy


class Line:
    """Such a process, seen from the bench."""

    def __init__(self, port, latency_ms=0, bits_per_s=0):
        self.process = subprocess.Popen([sys.executable, __file__, str(port), str(latency_ms), str(bits_per_s)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def passed(self):
        """What has passed since the last call: {"round_trips": 3, "bytes": 4096, "commands": […], …}."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def settle(self):
        """What has passed since passed(), once nothing has passed for a while."""
        total = self.passed()
        while (more := self._rest())["bytes"]:
            total = {key: total[key] + more[key] for key in total}
        return total

    def _rest(self):
        time.sleep(0.5)
        return self.passed()

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def main(port, latency_ms, bits_per_s):
    proxy = Proxy(port)
    proxy.latency_s = latency_ms / 2000
    proxy.up.bytes_per_s = proxy.down.bytes_per_s = bits_per_s / 8
    print(proxy.port, flush=True)
    for _ in sys.stdin:
        print(json.dumps({"connections": proxy.connections, "round_trips": proxy.round_trips, "bytes": proxy.bytes,
                          "commands": proxy.lines}), flush=True)
        proxy.reset()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
