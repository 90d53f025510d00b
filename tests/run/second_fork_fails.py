"""A module after whose import the second fork of this process is refused, as at a limit."""

import errno
import os
from itertools import count

_NUMBERS = count(1)
_FORK = os.fork


def _fork() -> int:
    if next(_NUMBERS) == 2:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return _FORK()


os.fork = _fork
