# Everything a contributor or a curious visitor runs. Each target works on a bare Debian machine
# with Python 3.11 or newer, make, and access to package indexes; see .ci/environment for the rest.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
SOURCES := src apps/proving_ground/src tests docs changes examples
TYPED := src apps/proving_ground/src docs changes tests/tidy tests/conftest.py
TEST := $(PY) -m pytest -q
# Half as many again as there are cores: most tests wait for something most of the time.
WORKERS := $(shell expr $$(nproc) + $$(nproc) / 2)
LOCK_FLAGS := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
	--annotation-style=line --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--no-emit-options --extra dev \
	$(addprefix --extra ,report postgres pytest redis websocket http2 parquet cluster otel)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test tidy prove bench bench-proxy bench-load bench-suites lint format docs changelog lock environment clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(READY) ## start the proving ground, break it under load, print where the report is
	$(VENV)/bin/hormesis demo

test: $(READY) ## every test but the long proofs (under 6 minutes)
	$(TEST) -n $(WORKERS) --dist loadgroup -m "not prove and not bench"

tidy: $(READY) ## only the rules about the code itself (seconds)
	$(TEST) tests/tidy

prove: $(READY) ## the long proofs: canaries, 20 clean runs of 20, 100 kills of 100
	$(TEST) -m prove --timeout 3600

bench: $(READY) ## measure; see bench/README.md
	$(TEST) -m bench --timeout 900 -s

bench-proxy: $(READY) ## the proxy beside a real Toxiproxy: make bench-proxy TOXIPROXY=/path/to/server
	TOXIPROXY="$(TOXIPROXY)" $(TEST) bench/proxy -m bench --timeout 900 -s -p no:randomly -p no:cacheprovider

bench-load: $(READY) ## the load engine beside wrk, k6, Locust: make bench-load WRK=… K6=… LOCUST=…
	WRK="$(WRK)" K6="$(K6)" LOCUST="$(LOCUST)" \
		$(TEST) bench/load -m bench --timeout 1800 -s -p no:randomly -p no:cacheprovider

bench-suites: $(READY) ## what each scenario takes beyond its own durations (20 minutes)
	$(TEST) bench/suites -m bench -s -p no:randomly -p no:cacheprovider

lint: $(READY) ## ruff and mypy
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m mypy $(TYPED)

format: $(READY) ## let ruff mend what it can
	$(PY) -m ruff check --fix $(SOURCES)

docs: $(READY) ## rewrite docs/reference from the code
	$(PY) -m docs.generate

changelog: $(READY) ## move changes/ into CHANGELOG.md: make changelog VERSION=0.2.0
	$(PY) changes/assemble.py "$(VERSION)" "$(shell date +%F)"

lock: $(READY) ## resolve requirements.lock anew
	$(VENV)/bin/pip-compile $(LOCK_FLAGS) -o requirements.lock \
		pyproject.toml apps/proving_ground/pyproject.toml

environment: $(READY) ## only create .venv

$(READY): requirements.lock pyproject.toml apps/proving_ground/pyproject.toml .ci/environment \
		hatch_build.py $(wildcard src/hormesis/wire/*.[ch])
	.ci/environment $(VENV)
	@touch $@

clean: ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
