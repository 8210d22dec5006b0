"""Administration of mail that brings enrolment links."""

from blueprints.mails.routes import blueprint

__all__ = ["blueprint"]
