"""Results as files: netCDF with everything, CSV tables, a figure and a summary; and a table for the terminal."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from policies.experiment import Experiment
from policies.style import GAIN, INK, LOSS, new_figure


def write(experiment: Experiment, folder: str | Path) -> Path:
    """Write the results folder; nothing is left half written if a part fails.

    Files: ``solution.nc`` (all variables, instruments and definitions; the benchmark is 1), ``regions.csv``,
    ``bilateral.csv``, ``output.csv``, ``welfare.png``, ``summary.json``, ``policy.yaml``.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".cge-", dir=folder.parent))
    try:
        comparison = experiment.comparison
        experiment.after.save(scratch / "solution.nc")
        comparison.table().to_csv(scratch / "regions.csv")
        comparison.bilateral().sum("i").to_dataframe()[["before", "after"]].to_csv(scratch / "bilateral.csv")
        comparison.percent("qo").to_pandas().to_csv(scratch / "output.csv")
        experiment.policy.to_yaml(scratch / "policy.yaml")
        (scratch / "summary.json").write_text(json.dumps(experiment.summary(), indent=1) + "\n", encoding="utf-8")
        welfare_figure(experiment, scratch / "welfare.png")
        folder.mkdir(exist_ok=True)
        for item in scratch.iterdir():
            item.replace(folder / item.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def welfare_figure(experiment: Experiment, path: str | Path) -> None:
    """Save :func:`welfare_figure_of`."""
    import matplotlib.pyplot as plt

    figure = welfare_figure_of(experiment)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def welfare_figure_of(experiment: Experiment) -> Any:
    """Bars of welfare by region and of output by commodity in the regions that gain and lose most."""
    comparison = experiment.comparison
    table = comparison.table().sort_values("welfare_percent")
    if len(table) > 24:
        table = table.loc[table["welfare_percent"].abs().sort_values().index[-24:]].sort_values("welfare_percent")
    output = comparison.percent("qo").to_pandas()
    ends = [str(table.index[-1]), str(table.index[0])]
    figure, axes = new_figure(1, 3, (11, 5.2), width_ratios=[1.3, 1, 1])
    _bars(axes[0], table.index, table["welfare_percent"].to_numpy(), experiment.members)
    axes[0].set_title("Welfare, % of income", loc="left", fontweight="bold")
    for axis, region in zip(axes[1:], ends, strict=True):
        column = output[region].sort_values()
        column = column[np.isfinite(column)]
        column = column.loc[column.abs().sort_values().index[-16:]].sort_values()
        _bars(axis, column.index, column.to_numpy(), [])
        axis.set_title(f"Output in {region}, %", loc="left", fontweight="bold")
    title = experiment.policy.title or experiment.policy.name
    figure.suptitle(
        f"{title}: change from the {experiment.base.model.benchmark.name} benchmark", x=0.01, ha="left", fontsize=12
    )
    return figure


def _bars(axis: Any, labels: Any, values: np.ndarray, strong: list[str]) -> None:
    places = np.arange(len(values))
    bars = axis.barh(places, values, color=[GAIN if v >= 0 else LOSS for v in values], height=0.72)
    for bar, value in zip(bars, values, strict=True):  # readable in grey: losses are hatched
        if value < 0:
            bar.set_hatch("////")
            bar.set_edgecolor("white")
    axis.set_yticks(places, [str(x) for x in labels])
    for text in axis.get_yticklabels():
        if text.get_text() in strong:
            text.set_fontweight("bold")
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.bar_label(bars, labels=[f"{v:+.2f}" for v in values], padding=3, fontsize=8)  # beside the bar
    span = max(float(np.ptp(np.append(values, 0.0))), 1e-9)
    axis.set_xlim(min(float(values.min(initial=0)), 0) - 0.24 * span, max(float(values.max(initial=0)), 0) + 0.24 * span)
    axis.margins(y=0.01)
    axis.tick_params(axis="y", length=0)
