"""What a class of the model offers and a module above it does (see :mod:`calibration.upward`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from calibration import upward

ABOVE: Mapping[str, str] = {
    "value of a header": "cge.results.updated_data:header_value",
    "inter-country table of a solution": "cge.gvc.assemble:of_solution",
    "inter-country table of a SAM": "cge.gvc.assemble:of_sam",
    "indicators of a table": "cge.gvc.indicators:Indicators",
    "welfare along a path": "cge.gtap.between:result_of",
    "remarks on a policy": "cge.policy.remarks:remarks",
    "welfare under each study of elasticities": "cge.report.findings:welfare_range",
    "words for a heading": "cge.report.html:words",
    "a figure drawn": "cge.report.draw:draw",
    "figures in a folder": "cge.report.draw.files:write_figures",
    "figures of a static run": "cge.report.figures:of_run",
    "figures of a path": "cge.report.dynamics_report:figures_of",
    "welfare by part of a policy": "cge.report.findings:contributions",
    "files of a static run": "cge.report.files:write",
    "page of a static run": "cge.report.html_report:write",
    "parts of the page of a static run": "cge.report.html_report:body",
    "files of a path": "cge.report.dynamics_report:write",
    "page of a path": "cge.report.dynamics_report:write_html",
    "parts of the page of a path": "cge.report.dynamics_report:body",
}
"""What is offered, and the function that does it."""


def provided(what: str) -> Callable[..., Any]:
    """The function behind an offer, imported when it is asked for."""
    return upward.provided(what, ABOVE)
