"""The interface for desk agents, and the page for whoever opens its address in a browser."""

from blueprints.agent.routes import blueprint

__all__ = ["blueprint"]
