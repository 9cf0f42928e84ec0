"""How a process is asked to end."""

import signal
import threading


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets from now on, instead of ending the process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
