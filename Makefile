# What people and CI run. `make help` lists it.

WEB_PORT ?= 8080
TOOLS := $(CURDIR)/.tools
export PATH := $(TOOLS)/bin:$(PATH)

.PHONY: help demo run test check tools fmt fuzz-api openapi clean-tools

help: ## What there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: ## The main job on the simulated network, step by step
	cargo run --release --locked -- demo

run: ## Serve for real on http://127.0.0.1:8080
	cargo run --release --locked -- serve

test: ## Every test; needs cargo alone
	cargo test --locked

check: tools ## Everything that keeps the code in order
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cargo deny --offline check bans licenses sources
	cargo machete
	$(TOOLS)/python/bin/typos
	scripts/check-openapi

fuzz-api: ## Schemathesis against the OpenAPI document
	scripts/fuzz-api

openapi: ## Write docs/openapi.json anew
	cargo run --locked -- openapi > docs/openapi.json

tools: ## Install what only `make check` needs, into .tools
	scripts/install-tools

fmt: ## Format
	cargo fmt

clean-tools:
	rm -rf $(TOOLS)
