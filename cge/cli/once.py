"""A command that takes each of its options once."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from cge.errors import ModelError


class OnceEach(TyperCommand):
    """A command that takes each option once, but for those that are lists: of two values none is silently the last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, refused where an option stands twice."""
        try:
            order = self.make_parser(ctx).parse_args(args=list(args))[2]
        except Exception:  # told better by the parse itself
            order = []
        for param in self.params:
            many = getattr(param, "multiple", False) or getattr(param, "count", False) or getattr(param, "is_flag", False)
            if getattr(param, "param_type_name", "") == "option" and not many and order.count(param) > 1:
                raise ModelError(f"{max(param.opts, key=len)} is given twice; keep one")
        return super().parse_args(ctx, args)
