"""Blocks of the model, one file each; :data:`CORE` composes the default model."""

from cge.blocks.accounts import Accounts
from cge.blocks.capital import Capital
from cge.blocks.factors import Factors
from cge.blocks.government import Government
from cge.blocks.households import Households
from cge.blocks.income import Income
from cge.blocks.investment import Investment
from cge.blocks.margins import Margins
from cge.blocks.markets import Markets
from cge.blocks.production import Production
from cge.blocks.trade import Trade
from cge.blocks.welfare import Welfare

CORE = (
    Production,
    Factors,
    Capital,
    Trade,
    Margins,
    Households,
    Government,
    Investment,
    Markets,
    Income,
    Accounts,
    Welfare,
)

__all__ = [
    "CORE",
    "Accounts",
    "Capital",
    "Factors",
    "Government",
    "Households",
    "Income",
    "Investment",
    "Margins",
    "Markets",
    "Production",
    "Trade",
    "Welfare",
]
