"""Connected directories: their records, whom they serve, and their connection tests."""

from services.directories.connecting import Emulated, connector, emulated
from services.directories.deleting import delete, open_deliveries
from services.directories.people import (
    choose,
    choose_group,
    chosen,
    chosen_among,
    chosen_groups,
    serve,
    serving_groups,
    unchoose,
    unchoose_group,
)
from services.directories.records import (
    KEEP,
    add,
    by_uuid,
    discard,
    draft,
    edit,
    is_deleted,
    type_of,
)
from services.directories.single_sign_on import HeldBySignOn, held_by_sign_on
from services.directories.summary import Summary, summaries
from services.directories.testing import Tested, record_test, report_of, run_test

__all__ = [
    "KEEP",
    "Emulated",
    "HeldBySignOn",
    "Summary",
    "Tested",
    "add",
    "by_uuid",
    "choose",
    "choose_group",
    "chosen",
    "chosen_among",
    "chosen_groups",
    "connector",
    "delete",
    "discard",
    "draft",
    "edit",
    "emulated",
    "held_by_sign_on",
    "is_deleted",
    "open_deliveries",
    "record_test",
    "report_of",
    "run_test",
    "serve",
    "serving_groups",
    "summaries",
    "type_of",
    "unchoose",
    "unchoose_group",
]
