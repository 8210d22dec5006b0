"""Connected directories: their records, whom they serve, and their connection tests."""

from services.directories.connecting import connector, emulated_ory
from services.directories.people import choose, chosen, chosen_among, serve, unchoose
from services.directories.records import (
    KEEP,
    add,
    by_uuid,
    discard,
    draft,
    edit,
)
from services.directories.summary import Summary, summaries
from services.directories.testing import Tested, record_test, report_of, run_test

__all__ = [
    "KEEP",
    "Summary",
    "Tested",
    "add",
    "by_uuid",
    "choose",
    "chosen",
    "chosen_among",
    "connector",
    "discard",
    "draft",
    "edit",
    "emulated_ory",
    "record_test",
    "report_of",
    "run_test",
    "serve",
    "summaries",
    "unchoose",
]
