# From a fresh clone with nothing but Python 3.11 or newer and make:
#
#   make demo    illumination correction of a small plate, from pixels to a report
#   make test    every test but the long ones, some minutes
#   make test-fast  those that start no engine, two or three minutes
#   make test-long  the long ones: hostile values in every place, CWL engines, crashes at every write, fuzzing, and more
#                random specs
#   make test-engines  the tests that need SLURM, Docker, podman or Apptainer (installed with apt-get by root on Debian)
#                and Snakemake's executor plugins
#   make test-starrynight  the library and its test double against the `starrynight` on PATH, where there is one
#   make test-newest  the fast tests with the newest packages that pyproject.toml allows
#   make test-lowest  the fast tests with the oldest
#   make test-pythons  the fast tests with every Python from 3.11 to 3.14 that is here, on PATH or of pyenv
#   make constraints  the newest versions become those that demo, test and wheel install (locks/)
#   make lint    style, types and the layers
#   make wheel   build the wheel and use it where nothing else of this repository is
#   make fuzz    make specs of specs and look for any that the compiler stumbles over (SECONDS=60)
#   make mutants put faults into the code, and see which of them no test notices (COUNT=20 of each folder, SEED=0)
#   make latency measure how fast the language server answers while a spec of 5,000 lines is typed
#   make docs    build the documentation site, to build/docs/docs/index.html
#   make bench   measure what compiling and running cost, beside other ways to the same (about half an hour)

# A python3 that is too old is passed over for a newer one beside it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
DEMO := specs/examples/illumination

# Tests start hundreds of processes: that each of them compiles every module anew would take as long as the tests.
export PYTHONDONTWRITEBYTECODE :=

EXTRAS := dev,demo,excel,http,lsp,notebook,s3,telemetry,testing

.PHONY: demo test test-fast test-long test-newest test-lowest test-pythons test-engines test-starrynight constraints lint \
	wheel docs fuzz mutants bench latency clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(VENV)/bin/python $(DEMO)/demo_data.py demo/images
	PATH="$(BIN):$$PATH" sncompile run $(DEMO)/illumination.yaml --directory demo \
		--data images=demo/images --data workspace=demo/results --cores 2
	@echo "The report is demo/results/illumination.html"

# Tests wait for the engines that they start: three at once keep two cores at work.
test: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m pytest -n 3 --dist loadfile

FAST := python -m pytest --fast -n 2 --dist loadfile

test-fast: $(VENV)/.test
	PATH="$(BIN):$$PATH" $(FAST)

# What pip would bring today, without a lock.
test-newest:
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/pip install --quiet --upgrade pip
	.venv-newest/bin/pip install --quiet --upgrade --editable '.[$(EXTRAS)]'
	PATH="$(CURDIR)/.venv-newest/bin:$$PATH" $(FAST)

# The oldest of what is named in pyproject.toml; with an old Python, as old versions have no wheels for new ones.
test-lowest: $(VENV)-tools/bin/uv
	$$(command -v python3.11 || echo $(PYTHON)) -m venv --clear .venv-lowest
	$(INDEX) $(UV) --resolution lowest-direct --python .venv-lowest/bin/python $(addprefix --extra ,$(ALL)) \
		pyproject.toml -o .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install --quiet --no-deps --requirement .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install --quiet --no-deps --editable .
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" $(FAST)

PYTHONS := 3.11 3.12 3.13 3.14
test-pythons:
	@left=; failed=; for version in $(PYTHONS); do \
		found=; for p in python$$version "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$$version*/bin/python; do \
			"$$p" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')" 2>/dev/null && found="$$p"; done; \
		if [ -z "$$found" ]; then left="$$left $$version"; continue; fi; \
		echo "== Python $$version ($$found)"; \
		"$$found" -m venv --clear .venv-$$version && $(call install,.venv-$$version,test) \
			&& PATH="$(CURDIR)/.venv-$$version/bin:$$PATH" $(FAST) || failed="$$failed $$version"; done; \
	if [ -n "$$left" ]; then echo "not found:$$left"; fi; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

test-long: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m pytest -n 2 --long
	PATH="$(BIN):$$PATH" SNCOMPILE_EXAMPLES=200 SNCOMPILE_SPECS=100 python -m pytest -n 2 tests/properties

# SLURM and Docker are started by root, and only where there are none.
ENGINES := slurm-wlm munge podman runc conmon catatonit docker.io docker-registry busybox-static bash-static patchelf \
	squashfs-tools
test-engines: $(VENV)/.engines
	if command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(ENGINES); fi
	PATH="$(BIN):$$PATH" python -m pytest tests/engines/test_profiles.py tests/engines/test_slurm*.py \
		tests/engines/test_containers.py tests/engines/test_cwl_containers.py

# The project neither holds nor builds StarryNight: its command, with CellProfiler, is taken as it is found. Where
# STARRYNIGHT_PLUGINS names the folder of CellProfiler's plugins, the pipelines are run too (many minutes).
test-starrynight: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m pytest -n 0 -rs \
		tests/starrynight/test_real.py tests/starrynight/test_real_pipelines.py

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
	build/empty/bin/pip install --quiet --require-hashes --requirement locks/run.txt
	build/empty/bin/pip install --quiet --no-deps dist/*.whl
	build/empty/bin/pip check
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

# Everything that is not in order is an error: a link that leads nowhere, a page in no list, a name that does not exist.
docs: $(VENV)/.docs
	rm -rf build/docs
	$(VENV)/bin/sphinx-build -q -W --keep-going -j auto -c docs/site -d build/doctrees . build/docs
	@echo "The site is build/docs/docs/index.html"

SECONDS ?= 60

fuzz: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m tests.fuzz $(SECONDS)

COUNT ?= 20
SEED ?= 0

mutants: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m tests.code_mutants --seed $(SEED) --count $(COUNT)

bench: $(VENV)/.bench
	PATH="$(BIN):$$PATH" python -m tests.bench

latency: $(VENV)/.test
	PATH="$(BIN):$$PATH" python -m tests.lsp.latency

clean:
	rm -rf $(VENV) .venv-* build dist demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find compiler specs schemas templates tests -name __pycache__ -prune -exec rm -rf {} +

# Versions that were tested, for every Python and system, with digests. pip takes no digests for a package that is
# installed for editing, so that comes after them. Which index is asked is a matter of the caller's settings of pip.
install = $(1)/bin/pip install --quiet --require-hashes --requirement locks/$(2).txt \
	&& $(1)/bin/pip install --quiet --no-deps --no-build-isolation --editable .

ALL := dev demo excel http lsp notebook s3 telemetry testing
INDEX = UV_DEFAULT_INDEX="$$($(PYTHON) -m pip config get global.index-url 2>/dev/null)"
UV = $(VENV)-tools/bin/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url
LOCK = $(INDEX) $(UV) --universal --python-version 3.11 --generate-hashes --constraint build/all.txt \
	pyproject.toml locks/build.in

constraints: $(VENV)-tools/bin/uv
	mkdir -p build locks
	$(INDEX) $(UV) --universal --python-version 3.11 --upgrade $(addprefix --extra ,$(ALL) bench docs) \
		pyproject.toml locks/build.in locks/engines.in -o build/all.txt
	$(LOCK) -o locks/run.txt
	$(LOCK) --extra demo -o locks/demo.txt
	$(LOCK) $(addprefix --extra ,$(ALL)) -o locks/test.txt
	$(LOCK) --extra docs -o locks/docs.txt
	$(LOCK) --extra bench -o locks/bench.txt
	$(LOCK) $(addprefix --extra ,$(ALL)) locks/engines.in -o locks/engines.txt

$(VENV)-tools/bin/uv:
	$(PYTHON) -m venv $(VENV)-tools
	$(VENV)-tools/bin/pip install --quiet uv

# The stamps say what is installed; a change of pyproject.toml or of a lock installs anew.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml locks/demo.txt | $(VENV)/bin/python
	$(call install,$(VENV),demo)
	@touch $@

$(VENV)/.test: pyproject.toml locks/test.txt | $(VENV)/bin/python
	$(call install,$(VENV),test)
	@touch $@ $(VENV)/.demo

$(VENV)/.engines: pyproject.toml locks/engines.txt | $(VENV)/.test
	$(call install,$(VENV),engines)
	@touch $@

$(VENV)/.docs: pyproject.toml locks/docs.txt | $(VENV)/bin/python
	$(call install,$(VENV),docs)
	@touch $@

$(VENV)/.bench: pyproject.toml locks/bench.txt | $(VENV)/bin/python
	$(call install,$(VENV),bench)
	@touch $@
