# `make` alone lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-large-upload test-real-model test-tools lint format lint-code docs lint-deps lint-containers lint-scripts lint-nginx openapi bench bench-load bench-functions bench-extract bench-quality fuzz ci

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

run: ## Build and start Quire with a PostgreSQL of its own
	@scripts/run.sh

test: ## Run all tests
	@scripts/test.sh

test-large-upload: ## Send 1 GiB in pieces over a connection that is cut again and again
	@QUIRE_UPLOAD_TEST_MIB=1024 scripts/test.sh -p quire-processor uploads::clients

test-real-model: ## Let a real small model on this machine answer (160 MB are fetched once)
	@scripts/test-real-model.sh

test-tools: tests/json-resume/node_modules/.package-lock.json tests/mock-ai/node_modules/.package-lock.json tests/tus-client/node_modules/.package-lock.json ## Install what tests talk to and with

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	npm ci --prefix tests/$* --no-audit --no-fund --loglevel=error
	@touch $@

lint: format lint-scripts lint-containers lint-nginx lint-deps lint-code docs ## Run every check but the tests

format: ## Check the formatting
	cargo fmt --all --check

lint-code: ## Run clippy on everything
	cargo clippy --locked --workspace --all-targets -- -D warnings

docs: ## Build the documentation, and fail on a broken link
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

lint-deps: ## Check licences, sources and duplicates of dependencies, and that there is one TLS stack
	@. scripts/lib.sh && PATH=$$PATH:$$(tools_bin) && cargo deny --locked --log-level error check licenses bans sources
	@scripts/check-tls.sh

lint-containers: ## Check the Dockerfiles and the compose file
	@scripts/lint-containers.sh

lint-scripts: ## Check the shell scripts
	@scripts/lint-scripts.sh

lint-nginx: ## Let nginx check its configuration
	@scripts/lint-nginx.sh

openapi: ## Write openapi/ and .env.example from the code
	@scripts/generate.sh

bench: bench-load bench-functions ## Measure everything (ten minutes on an idle machine; see docs/PERFORMANCE.md)

bench-load: ## Put load on a whole Quire; LOAD="queue --tasks 5000" runs one scenario
	cargo build --locked --release -p quire -p quire-gateway -p quire-processor
	cargo run --locked --release -p quire-benches --bin quire-load -- $(or $(LOAD),all)

bench-functions: ## Run the benchmarks of single functions
	cargo bench --locked -p quire-benches --bench functions

bench-extract: ## Compare reading with other programs on real documents (half an hour); writes docs/EXTRACTION.md
	@benches/extract/run.sh $(PARTS)

bench-quality: ## Compare the answers of the local methods with other programs; writes docs/QUALITY.md
	@benches/quality/run.sh $(PARTS)

fuzz: ## Fuzz every reader for FUZZ_SECONDS=600 each; TARGETS="pdf docx" takes some
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) fuzz/run.sh $(TARGETS)

ci: ## Everything, as continuous integration runs it
	@.ci/run
