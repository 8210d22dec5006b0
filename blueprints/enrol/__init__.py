"""The enrolment pages, for the browser that exchanged a link."""

from blueprints.enrol import agent, done_page, routes
from blueprints.enrol.area import blueprint

__all__ = ["agent", "blueprint", "done_page", "routes"]
