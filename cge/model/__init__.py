"""A model, what is asked of it and what it answers."""

from cge.model.model import Model

__all__ = ["Model"]
