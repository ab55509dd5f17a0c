"""The proxy does what it is told; were it gentler, the chaos would be none."""
import contextlib
import socket
import struct
import threading
import time

import pytest

import wire

PATIENCE_S = 10
SILENCE_S = 0.3


def echo(listener):
    """Sends back what comes, on any number of connections."""
    def serve(connection):
        with connection, contextlib.suppress(OSError):
            while data := connection.recv(4096):
                connection.sendall(data)
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


@pytest.fixture
def far():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=echo, args=(listener,), daemon=True).start()
        yield listener.getsockname()


@pytest.fixture
def exchange():
    running = wire.Exchange()
    yield running
    running.close()


def a_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def line(exchange, far):
    """A wire to the echo, and what connects through it."""
    port = a_port()
    made = exchange.wire(port, far)
    return made, lambda: socket.create_connection(("127.0.0.1", port), PATIENCE_S)


def answer(connection, text):
    connection.sendall(text)
    return connection.recv(4096)


def has_ended(connection):
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


def test_bytes_pass(line):
    with line[1]() as connection:
        assert answer(connection, b"one") == b"one"
        assert answer(connection, b"two") == b"two"


def test_a_cut_ends_connections_and_lets_new_ones_in(line):
    with line[1]() as connection:
        assert answer(connection, b"one") == b"one"
        line[0].cut()
        assert has_ended(connection)
    with line[1]() as connection:
        assert answer(connection, b"two") == b"two"


def test_a_closed_wire_lets_nobody_in_until_it_is_healed(line):
    with line[1]() as connection:
        assert answer(connection, b"one") == b"one"
        line[0].set(is_closed=True)
        assert has_ended(connection)
    with line[1]() as connection:
        assert has_ended(connection)
    line[0].heal()
    with line[1]() as connection:
        assert answer(connection, b"two") == b"two"


def test_silence_keeps_bytes_and_passes_them_on_at_last(line):
    with line[1]() as connection:
        assert answer(connection, b"one") == b"one"
        line[0].set(is_silent=True)
        connection.settimeout(SILENCE_S)
        with pytest.raises(TimeoutError):
            answer(connection, b"two")
        line[0].heal()
        connection.settimeout(PATIENCE_S)
        assert connection.recv(4096) == b"two"


def test_delayed_bytes_come_late_and_in_order(line):
    with line[1]() as connection:
        assert answer(connection, b"one") == b"one"
        line[0].set(delay_s=SILENCE_S)
        started = time.monotonic()
        received = answer(connection, b"a")
        assert time.monotonic() - started >= 2 * SILENCE_S  # there and back
        for number in range(20):
            connection.sendall(bytes([number]))
        while len(received) < 21:
            received += connection.recv(4096)
        assert received == b"a" + bytes(range(20))


def test_a_socks_client_says_where_to(exchange, far):
    port = a_port()
    exchange.wire(port)
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        assert answer(connection, b"\5\1\0") == b"\5\0"
        request = b"\5\1\0\1" + socket.inet_aton(far[0]) + struct.pack("!H", far[1])
        assert answer(connection, request)[:2] == b"\5\0"
        assert answer(connection, b"hello") == b"hello"
