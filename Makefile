# What people and CI run. `make help` lists it.

WEB_PORT ?= 8080
TOOLS := $(CURDIR)/.tools
PEERS := web/peers/node_modules/.package-lock.json
export PATH := $(TOOLS)/bin:$(PATH)
# The gateway that tests in Node drive; cargo builds it wherever it was told to.
export WAGATE_BINARY := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug/wagate

.PHONY: help web chromium headless-shell proxies screenshots demo run test test-memory test-docs test-sdk test-pypi test-peers test-n8n deb bench soak check tools fmt faults fuzz-api attack wire openapi clean-tools

help: ## What there is to do
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

# The scripts that the gateway brings into its pages. They are embedded, so they are built first.
WEB_SOURCES := $(shell find web -path web/peers -prune -o -name node_modules -prune -o -name dist -prune -o -name .built -prune -o -name schema.d.ts -prune -o -type f -print)

web: web/.built ## Build the scripts for the page

web/.built: $(WEB_SOURCES)
	npm --prefix web ci --no-audit --no-fund --loglevel=error
	npm --prefix web run build
	@touch $@

chromium: ## Install Chromium, where none is found
	@scripts/install-chromium

demo: web chromium ## The main job on the simulated network, step by step
	cargo run --profile quick --locked -- demo

run: web chromium ## Serve for real on http://127.0.0.1:8080
	cargo run --profile quick --locked -- serve

proxies: ## Unpack nginx and HAProxy for the tests, where they are missing
	@scripts/install-proxies

headless-shell: chromium ## Unpack Chromium's engine without its window for the tests of pages
	@scripts/install-headless-shell

screenshots: web headless-shell ## Draw the pictures that the documentation shows into docs/screenshots
	@scripts/install-fonts
	cargo build --locked
	npm --prefix web/dashboard run screenshots

test: web headless-shell proxies ## Every test, with the slowest 20; needs cargo, node and Chromium
	scripts/test

# `make test` runs those on the engine in memory for which the store matters most.
test-memory: web chromium ## The API's tests on an engine as slow and contended as one across a network
	TEST_STORE=memory cargo test --locked --no-fail-fast --test api

# Not part of `make test`, which must not need Python: npm's libraries do there what these do.
test-pypi: web ## Signatures of webhooks, a generated client and tools for assistants, by PyPI's libraries
	scripts/python-tools standardwebhooks openapi-python-client mcp
	cargo build --locked
	VERIFIER_PYTHON=$(TOOLS)/python/bin/python npm --prefix web/verify test
	GENERATOR_PYTHON=$(TOOLS)/python/bin/python npm --prefix web/generated test
	MCP_PYTHON=$(TOOLS)/python/bin/python npm --prefix web/mcp test

# `make test` runs those of the README alone: the others need Python.
test-docs: web ## Every command and program of the documentation, its links and its spelling
	scripts/python-tools typos
	cargo build --locked
	DOCS_ALL=1 npm --prefix web/docs test
	git ls-files '*.md' | xargs $(TOOLS)/python/bin/typos

# Not part of `make test`, which must not need Python. The packages lie in sdk afterwards.
test-sdk: web ## Build the clients and the nodes for n8n, and try them on the gateway
	scripts/python-tools openapi-python-client build
	cargo build --locked
	npm --prefix sdk/n8n test
	cd sdk/n8n && npm pack --silent
	npm --prefix sdk/typescript ci --no-audit --no-fund --loglevel=error
	npm --prefix sdk/typescript test
	cd sdk/typescript && npm pack --silent
	sdk/python/generate
	$(TOOLS)/python/bin/ruff check sdk/python
	PYTHONPATH=sdk/python/src $(TOOLS)/python/bin/python -m unittest discover -s sdk/python/tests
	$(TOOLS)/python/bin/python -m build --quiet sdk/python

# Not part of `make test`: n8n brings about 2 GB of packages.
test-n8n: web ## The nodes in n8n itself, which npm installs into .tools
	scripts/install-n8n
	cargo build --locked
	npm --prefix sdk/n8n run test-in-n8n

# Not part of `make test`: the two libraries bring about 400 MB of packages.
test-peers: web chromium $(PEERS) ## Other projects' libraries on the simulated page
	cargo build --locked
	npm --prefix web/peers test

$(PEERS): web/peers/package-lock.json
	PUPPETEER_SKIP_DOWNLOAD=1 npm --prefix web/peers ci --no-audit --no-fund --loglevel=error
	@touch $@

deb: web ## Build a Debian package into dist, and try it
	scripts/install-cargo-deb
	cargo build --release --locked --bin wagate
	cargo deb --locked --no-build --output dist/
	scripts/try-deb "$$(ls -t dist/*.deb | head -n 1)"

bench: web chromium ## Measure the figures of docs/benchmarks.md, on a machine that does nothing else
	cargo bench --locked --bench figures

# How many events `make soak` puts through.
EVENTS ?= 1000000

soak: web chromium ## A million events with one dead webhook, and the memory meanwhile
	EVENTS=$(EVENTS) cargo bench --locked --bench figures -- soak

check: tools web ## Everything that keeps the code in order
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cargo deny --offline check bans licenses sources
	scripts/check-advisories
	cargo machete
	$(TOOLS)/python/bin/typos
	scripts/check-openapi
	npm --prefix web run check

# How often `make faults` kills the gateway in each of its tests.
KILLS ?= 100

faults: web ## Kill the gateway again and again, and count what was lost or doubled
	FAULT_KILLS=$(KILLS) cargo test --locked --test faults -- --nocapture --test-threads=1
	OUTAGE_EVENTS=20000 cargo test --locked --test api webhook_outage -- --nocapture --test-threads=1

# How many seconds the long attacks last; `make test` runs them briefly.
ATTACK_SECONDS ?= 60

attack: web chromium proxies ## Every known attack on the running gateway, at length
	ATTACK_SECONDS=$(ATTACK_SECONDS) cargo test --locked --test attack -- --nocapture

fuzz-api: ## Schemathesis against the OpenAPI document
	scripts/fuzz-api

wire: ## Regenerate the types of the page agent (web/agent/src/wire.ts) and of the simulated page (web/simulator/src/protocol.ts)
	WAGATE_WRITE_WIRE=1 cargo test --locked --lib -- wire_types protocol_types

openapi: web ## Regenerate docs/openapi.json and docs/openapi-simulator.json
	cargo run --locked -- openapi > docs/openapi.json
	cargo run --locked -- openapi --simulator > docs/openapi-simulator.json

tools: ## Install what only `make check` needs, into .tools
	scripts/install-tools

fmt: ## Format
	cargo fmt

clean-tools:
	rm -rf $(TOOLS)
