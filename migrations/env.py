"""Run by Alembic: migrate over the connection that `models.migrate` hands in."""

from alembic import context
from sqlalchemy import JSON

from models import Base
from models.base import Moment, Word


def plain_types(kind, item, autogen_context):
    """Write our column types as plain ones: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Word):
        return f"sa.String({item.impl.length})"
    if kind == "type" and isinstance(item, JSON):
        return "JSON"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=plain_types,
)
with context.begin_transaction():
    context.run_migrations()
