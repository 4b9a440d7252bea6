"""A TCP proxy that counts what passes and makes trouble when told to.

It knows just enough IMAP to count a clear-text client's commands; TLS goes
through it unread.  What is counted starts anew with reset().
"""

import asyncio
import re
import threading
import time
from collections import Counter

from ports import free_port


class CommandReader:
    """Finds the commands in what a client sends, stepping over literals."""

    LITERAL = re.compile(rb"\{(\d+)\+?\}$")

    def __init__(self, command):
        self.command = command  # called with each command's first line, without its tag
        self.waiting = b""
        self.literal = 0
        self.continued = False

    def feed(self, data):
        self.waiting += data
        while self.waiting:
            if self.literal:
                skipped = min(self.literal, len(self.waiting))
                self.waiting = self.waiting[skipped:]
                self.literal -= skipped
                continue
            line, end, rest = self.waiting.partition(b"\r\n")
            if not end:
                return
            self.waiting = rest
            literal = self.LITERAL.search(line)
            # The answers to "+" in SASL and IDLE are single words, no commands.
            if not self.continued and b" " in line:
                self.command(line.split(b" ", 1)[1].decode("latin-1"))
            self.literal = int(literal.group(1)) if literal else 0
            self.continued = bool(literal)


class Band:
    """The capacity of one direction, which connections have by turns."""

    PIECE = 1 << 14

    def __init__(self):
        self.bytes_per_s = 0  # no limit
        self._turn = asyncio.Lock()
        self._free_at = 0.0

    @property
    def piece(self):
        """How much may go at once."""
        return self.PIECE if self.bytes_per_s else 1 << 16

    async def pass_on(self, size):
        if not self.bytes_per_s:
            return
        async with self._turn:
            self._free_at = max(self._free_at, time.monotonic()) + size / self.bytes_per_s
            await asyncio.sleep(self._free_at - time.monotonic())


class Connection:
    """One client and its way to the server: a reader and a sender task for each direction."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.commands = CommandReader(self._see_command)
        self.may_ask, self.may_hear = asyncio.Event(), asyncio.Event()
        self.release()
        self.answered = True
        self.is_forgotten = False
        self.is_idle = False  # IDLE was the last word of the client

    def _see_command(self, line):
        self.proxy.see_command(line)
        if self.proxy.hold_command and line.upper().startswith(self.proxy.hold_command):
            self.may_ask.clear()
        if self.proxy.hold_answer and line.upper().startswith(self.proxy.hold_answer):
            self.may_hear.clear()

    def release(self):
        self.may_ask.set()
        self.may_hear.set()

    @property
    def is_held(self):
        return not (self.may_ask.is_set() and self.may_hear.is_set())

    async def run(self):
        await asyncio.gather(self._pump(self.client[0], self.proxy.up, self._to_server),
                             self._pump(self.server[0], self.proxy.down, self._to_client))

    def close(self):
        """What was written still arrives."""
        self.client[1].close()
        self.server[1].close()

    async def _pump(self, reader, band, send):
        queue = asyncio.Queue(64)
        sender = asyncio.ensure_future(self._send(queue, send))
        try:
            while data := await reader.read(band.piece):
                await band.pass_on(len(data))
                await queue.put((time.monotonic() + self.proxy.latency_s, data))
        except OSError:
            pass
        await queue.put((time.monotonic() + self.proxy.latency_s, None))
        await sender

    async def _send(self, queue, send):
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(due - time.monotonic())
                await self.proxy.flowing.wait()
                if data is None:
                    break
                if not self.proxy.blackhole and not self.is_forgotten:
                    await send(data)
        except OSError:
            pass
        self.close()
        while data is not None:
            _, data = await queue.get()

    def _is_answered_here(self, data):
        tag, _, command = data.partition(b" ")
        for words, answer in self.proxy.answers.items():
            if command.upper().startswith(words.encode()):
                self.client[1].write(answer if answer.startswith(b"*") else tag + b" " + answer)
                return True
        return False

    async def _to_server(self, data):
        if self._is_answered_here(data):
            return
        left = self.proxy.cut_sent_after and self.proxy.cut_sent_after - self.proxy.bytes_to_server
        data = data[:left]
        self.proxy.bytes_to_server += len(data)
        self.proxy.round_trips += self.answered
        self.answered = False
        self.is_idle = data.upper().endswith(b" IDLE\r\n")
        self.commands.feed(data)
        await self.may_ask.wait()
        self.server[1].write(data)
        if left is not None and len(data) == left:
            self.proxy.cut_now()
        await self.server[1].drain()

    async def _to_client(self, data):
        left = self.proxy.cut_after and self.proxy.cut_after - self.proxy.bytes_to_client
        data = data[:left]
        self.proxy.bytes_to_client += len(data)
        self.answered = True
        await self.may_hear.wait()
        await self._write_to_client(data)
        if left is not None and len(data) == left:
            self.client[1].write(self.proxy.last_words)
            self.proxy.cut_now()
        await self.client[1].drain()

    async def _write_to_client(self, data):
        while data:
            rate = self.proxy.rate
            piece = max(1, int(rate / 10)) if rate else len(data)
            self.client[1].write(data[:piece])
            data = data[piece:]
            await asyncio.sleep(piece / rate if rate else 0)


class Proxy:
    def __init__(self, target_port):
        self.target_port = target_port
        self.address = "127.0.0.1"
        self.latency_s = 0.0    # of each direction
        self.up, self.down = Band(), Band()
        self.cut_after = None   # bytes to the clients, counted from reset(): then every connection ends, once,
        self.cut_sent_after = None  # or bytes to the server,
        self.last_words = b""   # after which the client is told this
        self.on_cut = None      # and this is called
        self.cut_in = {}        # {"UID SEARCH": [30, 60]}: in the answer to the next two of these, so many bytes on
        self.stall_on = None    # the command that gets no answer: stall() as soon as it has passed
        self.hold_command = None  # stays here, and what follows it in its connection, until release()
        self.hold_answer = None   # likewise the answer to this command: the server has carried it out
        self.blackhole = False  # what is sent from now on is lost, connections seem to live
        self.mute = False       # whoever connects from now on is let in and never hears a word
        self.rate = None        # bytes a second to the clients, less than one is a drip
        self.answers = {}       # {"UID FETCH": b"NO [THROTTLED] later\r\n"}: never get to the server
        self.most_connections = 0  # at once
        self.reset()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._connections = set()
        self._loop = asyncio.new_event_loop()
        self.port = free_port()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accept, self.address, self.port))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    # Counting

    def reset(self):
        self.connections = 0
        self.bytes_to_server = 0
        self.bytes_to_client = 0
        self.round_trips = 0  # how often a client spoke after it had been answered
        self.cuts = 0         # by cut_after and cut_sent_after
        self.lines = []       # each command without its tag

    @property
    def bytes(self):
        return self.bytes_to_server + self.bytes_to_client

    @property
    def commands(self):
        """How many of each: {"UID FETCH": 3, "EXAMINE": 1}."""
        return Counter(re.match(r"(UID )?\S+", line.upper()).group(0) for line in self.lines)

    def see_command(self, line):
        self.lines.append(line)
        for words, offsets in self.cut_in.items():
            if offsets and line.upper().startswith(words) and not self.cut_after:
                self.cut_after = self.bytes_to_client + offsets.pop(0)
        if self.stall_on and line.upper().startswith(self.stall_on):
            self.flowing.clear()

    @property
    def open_connections(self):
        return len(self._connections)

    @property
    def idling(self):
        """How many connections are in IDLE."""
        return sum(connection.is_idle for connection in list(self._connections))

    # Trouble

    def stall(self):
        """Nothing passes until resume(); nothing is lost."""
        self._call(self.flowing.clear)

    @property
    def is_stalled(self):
        return not self.flowing.is_set()

    def resume(self):
        self._call(self.flowing.set)

    def cut(self):
        """Ends every connection that there is; new ones are let in."""
        self._call(self.close_connections)

    def release(self):
        """What hold_command and hold_answer have kept."""
        def release():
            for connection in self._connections:
                connection.release()
        self.hold_command = self.hold_answer = None
        self._call(release)

    @property
    def is_holding(self):
        return any(connection.is_held for connection in list(self._connections))

    def forget(self):
        """Connections that there are lose what is sent, as when a router has forgotten them; new ones work."""
        def forget():
            for connection in self._connections:
                connection.is_forgotten = True
        self._call(forget)

    def say(self, text, then_close=True):
        """Something that the server has not said, to every client."""
        def say():
            for connection in self._connections:
                connection.client[1].write(text)
                if then_close:
                    connection.close()
        self._call(say)

    def refuse(self):
        """Cuts, and lets nobody in any more until accept()."""
        self._call(self._server.close)
        self.cut()

    def accept(self):
        """Listens again, at what is the address now."""
        async def listen():
            self._server = await asyncio.start_server(self._accept, self.address, self.port)
        self._run(listen())

    def close(self):
        async def cancel():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self.refuse()
        self._run(cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut_now(self):
        self.cut_after = self.cut_sent_after = None
        self.cuts += 1
        if self.on_cut:
            self.on_cut()
        self.close_connections()

    def close_connections(self):
        for connection in self._connections:
            connection.close()

    def _call(self, function):
        async def call():
            function()
        self._run(call())

    def _run(self, coroutine):
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _accept(self, *client):
        self.connections += 1
        if self.mute:
            while await client[0].read(1 << 16):
                pass
            client[1].close()
            return
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            client[1].transport.abort()
            return
        connection = Connection(self, client, server)
        self._connections.add(connection)
        self.most_connections = max(self.most_connections, len(self._connections))
        await connection.run()
        self._connections.discard(connection)
