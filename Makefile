# From a fresh clone with nothing but Python 3.11 or newer and make:
#
#   make demo    illumination correction of a small plate, from pixels to a report
#   make test    every test but the long ones, some minutes
#   make test-long  the long ones: hostile values in every place, CWL engines, crashes at every write, fuzzing
#   make test-engines  the tests that need SLURM, Docker, podman or Apptainer (installed with apt-get by root on Debian)
#                and Snakemake's executor plugins
#   make lint    style, types and the layers
#   make wheel   build the wheel and use it where nothing else of this repository is
#   make fuzz    make specs of specs and look for any that the compiler stumbles over (SECONDS=60)
#   make bench   measure what compiling and running cost, beside other ways to the same (about half an hour)

# A python3 that is too old is passed over for a newer one beside it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PLUGINS := slurm lsf cluster-generic htcondor kubernetes aws-batch googlebatch azure-batch
DEMO := specs/examples/illumination

.PHONY: demo test test-long test-engines lint wheel fuzz bench clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(VENV)/bin/python $(DEMO)/demo_data.py demo/images
	PATH="$(BIN):$$PATH" sncompile run $(DEMO)/illumination.yaml --directory demo \
		--data images=demo/images --data workspace=demo/results --cores 2
	@echo "The report is demo/results/illumination.html"

test: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m pytest -n 2 --dist loadfile

test-long: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m pytest -n 2 --long

# SLURM and Docker are started by root, and only where there are none.
ENGINES := slurm-wlm munge podman runc conmon catatonit docker.io docker-registry busybox-static bash-static patchelf \
	squashfs-tools
test-engines: $(VENV)/.engines
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(ENGINES); fi
	PATH="$(BIN):$$PATH" python -m pytest tests/engines/test_profiles.py tests/engines/test_slurm*.py \
		tests/engines/test_containers.py tests/engines/test_cwl_containers.py

lint: $(VENV)/.test
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# `build/` is where setuptools gathers a wheel: what lies there from before would get into it.
wheel: $(VENV)/bin/python
	rm -rf build dist
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist .
	$(VENV)/bin/python -m venv --clear build/empty
	build/empty/bin/pip install --quiet dist/*.whl
	rm -rf build/elsewhere && mkdir -p build/elsewhere
	specs="$$(build/empty/bin/python -Ic 'from importlib.resources import files; print(files("sncompile.specs"))')" \
		&& cd build/elsewhere \
		&& ../empty/bin/sncompile "$$specs/examples/variants/variants.yaml" --directory . -o variants \
		&& test -s variants/Snakefile \
		&& ../empty/bin/sncompile init plants \
		&& ../empty/bin/sncompile run plants/pipeline.yaml --cores 2 \
		&& cat plants/results/compare/report.md \
		&& ../empty/bin/snakemake --help | grep -q 'sncompile-otel'
	@echo "The wheel works: $$(ls dist/*.whl)"

SECONDS ?= 60

fuzz: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m tests.fuzz $(SECONDS)

bench: $(VENV)/.bench
	PATH="$(BIN):$$PATH" python -m tests.bench

clean:
	rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find compiler specs schemas templates tests -name __pycache__ -prune -exec rm -rf {} +

# The stamps say what is installed; a change of pyproject.toml installs anew.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --editable '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --editable '.[dev,demo,notebook,telemetry,testing]'
	@touch $@ $(VENV)/.demo

$(VENV)/.engines: pyproject.toml | $(VENV)/.test
	$(VENV)/bin/pip install --quiet $(addprefix snakemake-executor-plugin-,$(PLUGINS))
	@touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --editable '.[bench]'
	@touch $@
