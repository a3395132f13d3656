"""Results as files: netCDF with everything, CSV tables, figures and a summary."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from cge.policy.policy import Policy
from cge.report.draw.files import write_figures
from cge.results.static_run import StaticRun


def write(experiment: StaticRun, folder: str | Path, *, more_figures: bool = False) -> Path:
    """Write the results folder; nothing is left half written if a part fails.

    Files: ``solution.nc`` (all variables, instruments and definitions; the benchmark is 1), ``regions.csv``,
    ``bilateral.csv``, ``output.csv``, ``welfare.png``, ``figures.json`` (what is drawn, as data), ``summary.json``,
    ``policy.yaml``; with the run's ranges ``welfare_range.csv``, with ``more_figures`` every figure of the run, as ``map.png``,
    ``trade.png``, ``output.png``, ``prices.png``, ``parts.png``.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".cge-", dir=folder.parent))
    try:
        comparison = experiment.comparison
        experiment.after.save(scratch / "solution.nc")
        experiment.table().to_csv(scratch / "regions.csv")
        comparison.bilateral().sum("i").to_dataframe()[["before", "after"]].to_csv(scratch / "bilateral.csv")
        comparison.percent("qo").to_pandas().to_csv(scratch / "output.csv")
        if experiment.ranges is not None:
            experiment.ranges.to_csv(scratch / "welfare_range.csv")
        for table in experiment.own_tables:
            table.frame.to_csv(scratch / f"{table.name}.csv")
        if isinstance(experiment.policy, Policy):
            experiment.policy.to_yaml(scratch / "policy.yaml")
        (scratch / "summary.json").write_text(json.dumps(experiment.summary(), indent=1) + "\n", encoding="utf-8")
        if "welfare_percent" in comparison.table():
            figures = experiment.figures if more_figures else [experiment.figure_data(name) for name in experiment.main_figures]
            write_figures(figures, scratch, experiment.title)
        folder.mkdir(exist_ok=True)
        for item in scratch.iterdir():
            item.replace(folder / item.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder
