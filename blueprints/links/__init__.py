"""Enrolment links: opened, shown, and exchanged for an enrolment session."""

from blueprints.links.routes import blueprint

__all__ = ["blueprint"]
