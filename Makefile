# Two commands: `make demo` runs the main job on the digital patient, `make test` passes the tests. Both set themselves up in .venv.
# For the inner loop `make quick`; `make api` writes the pages of every public name into build/api.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# In a process of their own: after hundreds of other tests VTK was seen to abort when an offscreen view's node was removed.
VIEWS := Testing/Python/test_host_views.py Testing/Python/test_scene_views.py

# The inner loop: what is fast and breaks first. The slow mark (conftest.py) takes out what starts Slicer or Qt or simulates a patient.
QUICK := $(foreach subject,rings house where_to_add_what cmake readme geometry map_keys codec findings translation features_firstorder \
  features_change fatwater_twopoint fatwater_maps diffusion_adc vertebrae_roi vertebrae_markups burden_lesions longitudinal \
  distributions labs imwg staging response sheets roi_options outliers,$(wildcard Testing/Python/test_$(subject).py))

.PHONY: demo test quick lint api clean

demo: $(VENV)/.scene
	$(BIN)/marrowquant demo --out demo-output

test: lint
	$(BIN)/python -m pytest $(VIEWS)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(VIEWS:%=--ignore=%)

quick: lint
	$(BIN)/python -m pytest -n 2 -m "not slow" $(QUICK)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/python Testing/type_gate.py
	$(BIN)/lint-imports

api: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --editable ".[api]"
	$(BIN)/pdoc --docformat numpy --output-directory build/api MarrowQuantLib '!MarrowQuantLib.scene' '!MarrowQuantLib.panel'

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.scene: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[scene]"
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@ $(VENV)/.scene

clean:
	rm -rf $(VENV) demo-output build *.egg-info
