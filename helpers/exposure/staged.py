"""The quick look before a commit: mostly nothing is found, and then nothing has to be judged."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.memory import NoCache
from helpers.exposure.recall import Recall
from helpers.exposure.repository import open_repository
from helpers.exposure.search import search
from helpers.exposure.tally import Tally

if TYPE_CHECKING:
    from helpers.exposure.scan_request import ScanRequest

__all__ = ["staged_objects_if_clean"]


def staged_objects_if_clean(request: ScanRequest) -> int | None:
    """How many objects are staged, where all could be searched and none holds a secret.

    None where there is more to say: then it takes a whole scan to say it. Raises UsageError and
    CollectionError as that does.
    """
    engine = Kingfisher(all_rules=request.all_rules, credentials=request.credentials())
    objects = 0
    for path in request.paths:
        tally = Tally(engine, Recall(NoCache()), lambda _: None, Event())
        for _ in search(open_repository(path), request.scope, tally):
            pass
        if not tally.clean:
            return None
        objects += tally.objects
    return objects
