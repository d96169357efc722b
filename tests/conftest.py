"""For all tests: the collector of cycles looks less often.

Screens and specs are made of many objects, most of which live as long as what is imported: looking
at them again and again took a quarter of the time of the screens' tests.
"""

from __future__ import annotations

import gc

ALLOCATIONS = 100_000


def pytest_collection_finish() -> None:
    """What is there by now stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 50)
