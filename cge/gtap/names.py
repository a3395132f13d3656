"""GTAP's names of results: what each means (Corong et al. 2017, Tables 1 to 12) and its unit.

Every variable is the percentage change of a level unless its unit says otherwise.
"""

from __future__ import annotations

PERCENT = "per cent change"
MILLION = "million USD"

QUANTITIES = {
    "qfe": "demand of an activity for a factor",
    "qva": "value added of an activity",
    "qint": "composite of intermediates of an activity",
    "qfa": "demand of an activity for a commodity",
    "qfd": "demand of an activity for the domestic commodity",
    "qfm": "demand of an activity for the imported commodity",
    "qpa": "private demand for a commodity",
    "qpd": "private demand for the domestic commodity",
    "qpm": "private demand for the imported commodity",
    "qga": "government demand for a commodity",
    "qgd": "government demand for the domestic commodity",
    "qgm": "government demand for the imported commodity",
    "qid": "investors' demand for the domestic commodity",
    "qim": "investors' demand for the imported commodity",
    "qinv": "gross investment",
    "qgov": "government consumption (ug and pop together)",
    "qst": "sales of a margin service to the world's pool",
    "qtm": "world use of a margin service",
    "qe": "endowment of a factor",
    "kb": "capital at the beginning of the period",
    "ke": "capital at the end of the period",
    "up": "utility from private consumption per head",
    "uepriv": "elasticity of private cost with respect to utility",
    "uelas": "elasticity of cost with respect to utility",
    "rorc": "current net rate of return on capital",
    "rore": "expected net rate of return on capital",
    "pop": "population",
    "qxs": "exports from source to destination",
}
"""Real variables that the model holds under GTAP's name."""
PRICES = {
    "pds": "basic price of the domestic commodity",
    "pva": "price of value added",
    "pint": "price of the composite of intermediates",
    "pfa": "price of a commodity to an activity",
    "pfd": "price of the domestic commodity to an activity",
    "pfm": "price of the imported commodity to an activity",
    "pfe": "price of a factor to an activity",
    "peb": "basic price of a factor in an activity",
    "pes": "price of a factor in an activity, after income tax",
    "pe": "price of a factor that the region receives, after income tax",
    "ppa": "price of a commodity to the private household",
    "ppd": "price of the domestic commodity to the private household",
    "ppm": "price of the imported commodity to the private household",
    "pga": "price of a commodity to the government",
    "pgd": "price of the domestic commodity to the government",
    "pgm": "price of the imported commodity to the government",
    "pia": "price of a commodity to investors",
    "pid": "price of the domestic commodity to investors",
    "pim": "price of the imported commodity to investors",
    "pinv": "price of gross investment",
    "pgov": "price of government consumption",
    "pfob": "fob price of exports",
    "pcif": "cif price of imports",
    "pmds": "basic price of imports by source, duty paid",
    "pt": "price of a margin service",
    "y": "income of the regional household, net of depreciation",
    "ywld": "income of the world",
    "yp": "private consumption expenditure",
    "yg": "government consumption expenditure",
}
"""Nominal variables that the model holds under GTAP's name, in units of the numeraire."""
DERIVED = {
    "pms": (PERCENT, "basic price of the composite of imports"),
    "qms": (PERCENT, "imports of a commodity, all origins"),
    "qo": (PERCENT, "output of an activity"),
    "po": (PERCENT, "unit revenue of an activity, after output tax"),
    "qc": (PERCENT, "supply of a commodity"),
    "qca": (PERCENT, "supply of a commodity by an activity"),
    "pca": (PERCENT, "basic price of a commodity from an activity"),
    "ps": (PERCENT, "supply price of a commodity from an activity, after output tax"),
    "qes": (PERCENT, "supply of a factor to an activity"),
    "qds": (PERCENT, "sales of the domestic commodity at home"),
    "qia": (PERCENT, "investors' demand for a commodity"),
    "ptrans": (PERCENT, "price of transport on a route, all modes"),
    "u": (PERCENT, "utility of the regional household per head"),
    "ug": (PERCENT, "utility from government consumption per head"),
    "qsave": (PERCENT, "quantity of saving"),
    "vgdp": (PERCENT, "value of GDP"),
    "qgdp": (PERCENT, "quantity of GDP: value over the Divisia price pgdp"),
    "tot": (PERCENT, "terms of trade: psw over pdw"),
    "qxwreg": (PERCENT, "volume of exports, margin services included"),
    "qmwreg": (PERCENT, "volume of imports"),
    "qxwwld": (PERCENT, "volume of world trade, margin services included"),
    "rorg": (PERCENT, "world rate of return on capital"),
    "globalcgds": (PERCENT, "world net investment"),
    "walraslack": (PERCENT, "excess of world saving over world net investment; zero by Walras' law"),
    "del_tbal": (MILLION, "change of the trade balance"),
    "del_tbalry": ("percentage points of world income", "change of the trade balance over world income, times 100"),
    "ev": (MILLION, "equivalent variation (EV)"),
}
"""Variables computed from the model's: unit and meaning."""
WELFARE = {
    "CNTalleff": "contribution to EV of allocative efficiency: each tax on the change of its base per head",
    "CNTendw": "contribution to EV of endowments per head, net of depreciation",
    "CNTtech": "contribution to EV of technology",
    "CNTpop": "contribution to EV of population",
    "CNTtot": "contribution to EV of the terms of trade, prices relative to the world price of exports",
    "CNTcgds": "contribution to EV of the prices of net investment and saving, relative to the world price of exports",
    "CNTdpar": "contribution to EV of preferences: what moving distribution parameters do",
}
"""Parts of EV, million USD."""

NAMES = {
    "del_tbalry": "tbalry",
    "del_tbal": "tbal",
    "pefactreal": "rw",
    "pebfactreal": "rw",
    "pfactreal": "rw",
    "aoall": "ao",
    "afeall": "afe",
    "afall": "afa",
    "avaall": "ava",
    "aintall": "aint",
    "vgdp": "gdp",
    "po": "ps",
}
"""GTAP's names for symbols that the model calls otherwise; all other names are GTAP's own."""
