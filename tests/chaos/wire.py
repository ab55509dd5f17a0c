"""A proxy that a test holds in its hands: bytes pass, pass late, stop, or their connections are cut.

    exchange = Exchange()                                  # a thread; close() ends it
    wire = exchange.wire(port, target=("127.0.0.1", 9092)) # a fixed way out
    wire = exchange.wire(port)                             # SOCKS 5: the client says where to
    wire.cut()                 every connection ends at once, new ones are welcome
    wire.set(is_closed=True)   and no new one comes through either
    wire.set(is_silent=True)   connections stand and are made, and no byte moves: half-open
    wire.set(delay_s=0.3)      each byte comes so late, in order
    wire.heal()                all is as at the beginning; what silence kept is passed on
"""
import asyncio
import struct
import threading

CHUNK_BYTES = 65536
CHUNKS_HELD = 64  # of one direction; more stay with their sender
IPV4, NAME = 1, 3
HEALTHY = {"is_closed": False, "is_silent": False, "delay_s": 0.0}


class Exchange:
    """The thread that all wires live in."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def wire(self, port, target=None):
        wire = Wire(self.loop, target)
        asyncio.run_coroutine_threadsafe(wire.listen(port), self.loop).result()
        return wire

    def close(self):
        """Ends every connection and the thread."""
        asyncio.run_coroutine_threadsafe(cancel_all(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


async def cancel_all():
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Wire:
    """One port; its methods without "async" are for other threads."""

    def __init__(self, loop, target):
        self.loop = loop
        self.target = target
        self.ends = set()  # writers of both sides of every connection
        self.is_closed = False
        self.delay_s = 0.0
        self.flows = None
        self.server = None

    def cut(self):
        self.loop.call_soon_threadsafe(self._cut)

    def set(self, **state):
        self.loop.call_soon_threadsafe(self._set, {**HEALTHY, **state})

    def heal(self):
        self.set()

    def _cut(self):
        for writer in self.ends:
            writer.transport.abort()

    def _set(self, state):
        self.is_closed = state["is_closed"]
        self.delay_s = state["delay_s"]
        if self.is_closed:
            self._cut()
        if state["is_silent"]:
            self.flows.clear()
        else:
            self.flows.set()

    async def listen(self, port):
        self.flows = asyncio.Event()
        self.flows.set()
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def _serve(self, reader, writer):
        self.ends.add(writer)
        try:
            if not self.is_closed:
                await self._join(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass  # an end of a connection is no news here
        finally:
            self.ends.discard(writer)
            writer.transport.abort()

    async def _join(self, reader, writer):
        """Both directions, until one has ended."""
        target = self.target or await read_socks(reader, writer)
        far_reader, far_writer = await asyncio.open_connection(*target)
        self.ends.add(far_writer)
        try:
            if self.target is None:
                writer.write(b"\5\0\0\1" + bytes(6))
            pumps = [asyncio.ensure_future(self._carry(reader, far_writer)),
                     asyncio.ensure_future(self._carry(far_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            self.ends.discard(far_writer)
            far_writer.transport.abort()

    async def _carry(self, reader, writer):
        """One direction: read as it comes, passed on when it is due."""
        held = asyncio.Queue(CHUNKS_HELD)
        delivery = asyncio.ensure_future(self._deliver(held, writer))
        try:
            while data := await reader.read(CHUNK_BYTES):
                await held.put((self.loop.time() + self.delay_s, data))
            await held.put((0, b""))
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(self, held, writer):
        while True:
            due, data = await held.get()
            await asyncio.sleep(max(0, due - self.loop.time()))
            await self.flows.wait()
            if not data:
                return
            writer.write(data)
            await writer.drain()


async def read_socks(reader, writer):
    """Where a SOCKS 5 client wants to go (RFC 1928): without a password, by address or name."""
    version, methods = await reader.readexactly(2)
    await reader.readexactly(methods)
    writer.write(b"\5\0")
    version, command, _, kind = await reader.readexactly(4)
    if (version, command) != (5, 1) or kind not in (IPV4, NAME):
        raise ValueError("not a SOCKS 5 connection that is known here")
    if kind == IPV4:
        host = ".".join(map(str, await reader.readexactly(4)))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    return host, struct.unpack("!H", await reader.readexactly(2))[0]
