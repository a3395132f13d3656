# `make demo` and `make test` work on a fresh machine: they make .venv and install what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1

LOWEST := .venv-lowest

.PHONY: demo test lowest docs bench clean data headline picture world-energy

$(BIN)/cge: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $(BIN)/cge

$(VENV)/.dev: pyproject.toml $(BIN)/cge
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $(VENV)/.dev

demo: $(BIN)/cge
	$(BIN)/cge run rcep --out results/rcep

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -m "not site"
	$(BIN)/sphinx-build -W -q -j 2 -b html docs docs/_build/html
	$(BIN)/pytest -n 2 -m site

# the oldest releases that pyproject.toml allows: what the library needs and its extras, with what a user does first
$(LOWEST)/.ready: pyproject.toml
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --editable ".[data,mrio,parallel,report,test]"
	touch $(LOWEST)/.ready

lowest: $(LOWEST)/.ready
	$(LOWEST)/bin/python -m pytest -m smoke -o filterwarnings=default -p no:cacheprovider tests/test_smoke.py

docs: $(VENV)/.dev
	$(BIN)/sphinx-build -W -j 2 -b html docs docs/_build/html

picture: $(BIN)/cge
	$(BIN)/cge run rcep --ranges --out results/rcep --quiet
	cp results/rcep/welfare.png docs/_static/rcep.png

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.run

data: $(VENV)/.dev
	$(BIN)/python -m calibration.datasets.tariffs_2018.crosswalk --data ../shared/data
	$(BIN)/python -m calibration.datasets.tariffs_2018.japan --data ../shared/data
	$(BIN)/python -m calibration.datasets.world_2011 --data ../shared/data
	$(BIN)/python -m calibration.datasets.world_2018 --data ../shared/data --report docs/_static/data
	$(BIN)/python -m calibration.datasets.growth_rates --data ../shared/data
	$(BIN)/python -m policies.data.us_china_duties --data ../shared/data
	$(BIN)/python -m policies.data.rcep_schedule --data ../shared/data

# the headline table, measured again on the shipped world, each variant of its build and the world before (docs/headline.md)
headline: $(VENV)/.dev
	$(BIN)/python -m benchmarks.headline

world-energy: $(VENV)/.dev
	$(BIN)/python -m calibration.datasets.world_with_energy --data ../shared/data --out world-energy.nc

clean:
	rm -rf $(VENV) $(LOWEST) results docs/_build build *.egg-info
