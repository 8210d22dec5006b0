"""Enrolment: get ready, touch, done."""

from blueprints.enrol.routes import blueprint

__all__ = ["blueprint"]
