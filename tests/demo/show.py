"""What the demo shows: a bar or lines while it runs, and a table at the end."""
import collections
import math
import sys
import time

BAR_CELLS = 30
LINE_SECONDS = 3


class Progress:
    """On a terminal one line that changes; elsewhere a line now and then."""

    def __init__(self):
        self.is_terminal = sys.stdout.isatty()
        self.started = time.monotonic()
        self.shown = -math.inf
        self.text = ""

    def seconds(self):
        return time.monotonic() - self.started

    def step(self, text):
        """Something that happens once."""
        self.clear()
        print(f"{self.seconds():5.1f} s  {text}", flush=True)

    def update(self, done, total, text):
        if self.is_terminal:
            filled = BAR_CELLS * done // max(total, 1)
            bar = "#" * filled + "." * (BAR_CELLS - filled)
            print(f"\r{self.seconds():5.1f} s  [{bar}] {text}\033[K", end="", flush=True)
        elif text != self.text and self.seconds() - self.shown >= LINE_SECONDS:
            self.shown = self.seconds()
            print(f"{self.seconds():5.1f} s  {text}", flush=True)
        self.text = text

    def clear(self):
        if self.is_terminal:
            print("\r\033[K", end="")


def outcomes(series):
    """How many deliveries ended how: {(outcome, reason): count}."""
    found = collections.Counter()
    for name, labels, value in series:
        if name == "dvsync_events_total":
            found[labels["outcome"], labels["reason"]] += int(value)
    return found


def table(title, rows):
    """Lines of two columns, the second one to the right."""
    yield f"  {title}"
    for name, value in rows:
        yield f"    {name:<52}{value:>12}"
