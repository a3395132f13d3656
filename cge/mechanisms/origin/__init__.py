"""Rules of origin: firms of several types that comply with them, or pay the ordinary duty.

A covered sector (say vehicles) is made in the members of an area from a material (parts), from metals and from other inputs.
In each member the industry is discretised into types that differ in the share of their material that comes from outside the
area (quantiles of a Beta distribution around the benchmark's share). A shipment to another member enters at the preferential
duty if it complies, and at the most-favoured-nation duty if it does not (:mod:`.regime`). Complying means least cost under
linear constraints on the cost of a unit,

    sum_j a_j p_j x_j <= 0,

one for each rule (:mod:`.rules`): regional value content (``a`` is 1 for inputs from outside the area, less ``1 - rho`` for
every input: the net cost method), labour value content (``a`` is lambda for every input, less 1 for value added and material
of members that pay the wage floor), and purchases of steel and of aluminium in the area. What compliance adds to or takes from
the demand for each supplier (:mod:`.demand`) is added to the ordinary demand.
Sources: Head, Mayer, Melitz, "The Laffer curve for rules of origin", Journal of International Economics 150, 2024; Ju and
Krishna, Canadian Journal of Economics 38(1), 2005.
"""

from __future__ import annotations

from cge.mechanisms.origin.coverage import PAIRS, Coverage, compliance_penalty, type_shares
from cge.mechanisms.origin.mechanism import RulesOfOrigin

__all__ = ["PAIRS", "Coverage", "RulesOfOrigin", "compliance_penalty", "type_shares"]
