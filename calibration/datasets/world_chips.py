"""The constants of :mod:`calibration.chips` from the raw tables.

Run: ``python -m calibration.datasets.world_chips --data DATA``, where DATA holds ``electronics_china_2018`` and
``semiconductors_us``; prints what the module states.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from calibration.script import arguments_of, parser_of, script

CHINA_COMPONENTS = 94
BEA_CHIPS = "334413"


def measured(data: Path) -> dict[str, float]:
    """Shares that the rule rests on.

    Returns
    -------
    dict
        ``components of electronics industries``, ``components of others``: China, share of components in the electronics they
        buy; ``chips in US inputs``: in electronics bought as inputs; ``chips of chip makers``: in their inputs;
        ``imported components, China`` and ``imported chips, US``: for comparison.
    """
    china = pd.read_csv(data / "electronics_china_2018" / "electronics_subsectors.csv").set_index("code")
    own, total = china["own_electronics_use_bn_cny"], china["total_intermediate_use_bn_cny"]
    others = total - own
    america = pd.read_csv(data / "semiconductors_us" / "electronics_sales_bea_detail.csv", dtype={"bea_code": str})
    sales = america.set_index("bea_code")[["intermediate_sales_domestic", "intermediate_imports"]]
    users = pd.read_csv(data / "semiconductors_us" / "chips_by_user_bea_detail.csv", dtype={"bea_code": str})
    makers = users.set_index("bea_code").loc[BEA_CHIPS]
    return {
        "components of electronics industries": float(own[CHINA_COMPONENTS] / own.sum()),
        "components of others": float(others[CHINA_COMPONENTS] / others.sum()),
        "chips in US inputs": float(sales.loc[BEA_CHIPS].sum() / sales.to_numpy().sum()),
        "chips of chip makers": float(makers["chips_share_of_intermediates"]),
        "imported components, China": float(china.loc[CHINA_COMPONENTS, "imports_bn_cny"] / total[CHINA_COMPONENTS]),
        "imported chips, US": float(sales.loc[BEA_CHIPS, "intermediate_imports"] / sales.loc[BEA_CHIPS].sum()),
    }


@script
def main() -> None:
    """Command line."""
    parser = parser_of(__doc__)
    for name, value in measured(arguments_of(parser).data).items():
        print(f"{name}: {value:.4f}")


if __name__ == "__main__":
    main()
