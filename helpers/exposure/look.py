"""Looking at items with several threads, in bounded memory.

The engine lets go of Python's lock while it matches, so two threads keep two cores busy. Items go
to them in batches of about a megabyte, and only a few batches are under way at any time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from helpers.core.errors import RunbookError
from helpers.exposure.engine import Engine, Sighting
from helpers.exposure.items import Item, Kept, Looked
from helpers.exposure.unpack import Part, is_plain, unpack

__all__ = ["look", "workers"]

_BATCH_BYTES: Final = 1 << 20
_BATCH_ITEMS: Final = 512


def workers() -> int:
    """Two at least: while one prepares, the other matches."""
    return max(2, min(8, os.cpu_count() or 2))


def look(
    items: Iterable[Item], engine: Engine, missing: Callable[[bytes], str], threads: int = 0
) -> Iterator[list[Looked]]:
    """Look at every item; `missing` says of bytes what they stand for that is not here."""
    threads = threads or workers()
    under_way: deque[Future[list[Looked]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="scan") as pool:
        try:
            for batch in _batches(items):
                under_way.append(pool.submit(_look_all, batch, engine, missing))
                if len(under_way) > threads + 1:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.data)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _look_all(batch: list[Item], engine: Engine, missing: Callable[[bytes], str]) -> list[Looked]:
    return [_look(item, engine, missing) for item in batch]


def _look(item: Item, engine: Engine, missing: Callable[[bytes], str]) -> Looked:
    if item.reason:
        return Looked(item, Kept(missed=(("", item.reason),)), lasting=bool(item.marks))
    seen: list[tuple[str, Sighting]] = []
    missed: list[tuple[str, str]] = []
    failures = [("", absent)] if (absent := missing(item.data)) else []
    try:
        for part in _parts(item):
            if part.reason:
                missed.append((part.inner, part.reason))
                continue
            path = f"{item.path}!{part.inner}" if part.inner else item.path
            try:
                seen.extend((part.inner, _at(s, item)) for s in engine.scan(part.data, path))
            except TimeoutError:
                failures.append((part.inner, "it took too long to search"))
    except RunbookError:
        raise
    except Exception as error:  # noqa: BLE001 (what goes wrong with one must not hide the others)
        failures.append(("", f"it could not be searched ({type(error).__name__})"))
    return Looked(item, Kept(tuple(seen), (*missed, *failures)), lasting=not failures)


def _parts(item: Item) -> Iterable[Part]:
    if item.whole and not is_plain(item.data):
        return unpack(item.path, item.data)
    return (Part("", item.data),)


def _at(sighting: Sighting, item: Item) -> Sighting:
    if not item.first_line:
        return sighting
    return replace(sighting, line=sighting.line + item.first_line)
