"""What this run is asked to write, what it has written, and how far it is."""

import sys
import time

from manifest import is_asked

parts, expected = (), 0
written = []
started = reported = time.monotonic()


def begin(asked, count):
    """Write only the parts asked for (none: everything); about `count` files will come."""
    global parts, expected, started
    parts, expected, started = tuple(asked), count, time.monotonic()


def is_wanted(name):
    """Whether a file is to be written: what is not need not be computed."""
    return is_asked(name, parts)


def report(text, at_most_every=0):
    """Say on standard error how far it is; loops that report often do so every `at_most_every` seconds."""
    global reported
    now = time.monotonic()
    if now - reported >= at_most_every:
        reported = now
        print(f"regenerate: {now - started:.0f} s, {len(written)} of {expected} files: {text}", file=sys.stderr, flush=True)
