"""CES price indices in calibrated share form, exact for every elasticity including one.

With benchmark value shares theta (summing to 1) and prices equal to 1 at the benchmark,

    P = [ sum_k theta_k p_k^(1 - sigma) ]^(1 / (1 - sigma)),     P = prod_k p_k^theta_k for sigma = 1,

and compensated demand per unit is theta_k (P / p_k)^sigma (Rutherford, "Constant Elasticity of
Substitution Functions", 2002).

Near one the power form divides the rounding of its sum by 1 - sigma. There the same index is computed as

    ln P = ln(1 + sum_k theta_k (e^((1 - sigma) ln p_k) - 1)) / (1 - sigma),

whose digits do not depend on the elasticity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyomo.core.expr.template_expr import TemplateExpressionError
from pyomo.environ import Expr_if, exp, log, value

COBB_DOUGLAS_BAND = 1e-6
"""Elasticities this near to one take the Cobb-Douglas form (the error is below a tenth of the band)."""


NEAR_COBB_DOUGLAS = 1e-2
"""Elasticities this near to one take the form that keeps its digits; it is the same function."""


def _either(sigma: Any, cobb_douglas: Callable[[], Any], near: Callable[[Any], Any], power: Callable[[Any], Any]) -> Any:
    """The Cobb-Douglas form where ``sigma`` is one, ``near(1 - sigma)`` close to it, else ``power(1 - sigma)``.

    In a template all branches are stated; in one expanded member ``sigma`` has a value and decides.
    """
    try:
        known = value(sigma)
    except TemplateExpressionError:
        known = None
    if known is not None:
        if abs(known - 1.0) <= COBB_DOUGLAS_BAND:
            return cobb_douglas()
        return near(1.0 - sigma) if abs(known - 1.0) <= NEAR_COBB_DOUGLAS else power(1.0 - sigma)
    unit = abs(sigma - 1.0) <= COBB_DOUGLAS_BAND
    rho = Expr_if(unit, 1.0, 1.0 - sigma)
    return Expr_if(unit, cobb_douglas(), Expr_if(abs(rho) <= NEAR_COBB_DOUGLAS, near(rho), power(rho)))


def ces_price(domain: Iterable[Any], share: Callable[[Any], Any], price: Callable[[Any], Any], sigma: Any) -> Any:
    """Unit cost over the members of ``domain``: ``share(k)`` and ``price(k)`` give theta_k and p_k."""
    return _either(
        sigma,
        lambda: exp(sum(share(k) * log(price(k)) for k in domain)),
        lambda rho: exp(log(1.0 + sum(share(k) * (exp(rho * log(price(k))) - 1.0) for k in domain)) / rho),
        lambda rho: sum(share(k) * price(k) ** rho for k in domain) ** (1.0 / rho),
    )


def ces_price_of_two(theta: Any, first: Any, second: Any, sigma: Any) -> Any:
    """Unit cost of two inputs, the first with share ``theta``."""
    return _either(
        sigma,
        lambda: exp(theta * log(first) + (1.0 - theta) * log(second)),
        lambda rho: exp(
            log(1.0 + (theta * (exp(rho * log(first)) - 1.0) + (1.0 - theta) * (exp(rho * log(second)) - 1.0))) / rho
        ),
        lambda rho: (theta * first**rho + (1.0 - theta) * second**rho) ** (1.0 / rho),
    )
