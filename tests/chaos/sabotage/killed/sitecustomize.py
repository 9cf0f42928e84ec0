"""The process is killed before the CHAOS_KILL_AT-th time that it opens, makes, renames or removes anything beneath
CHAOS_KILL_IN.
"""

import os
import signal
import sys

_events = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}
_folder, _left = os.environ["CHAOS_KILL_IN"], int(os.environ["CHAOS_KILL_AT"])


def _count(event, arguments):
    global _left
    if event in _events and any(isinstance(each, str) and each.startswith(_folder) for each in map(_path, arguments)):
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _path(argument):
    return os.fspath(argument) if isinstance(argument, os.PathLike) else argument


sys.addaudithook(_count)
