# Everything one types here also runs in CI (.ci/run). `make demo` and `make test` start from a bare Debian 12 with Rust.
.PHONY: help demo desk desk-test test attacks attacks-doc inspection conformity faults interop foreign nation bench lint doc deny fuzz-smoke setup

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# Programs are built for the whole workspace, always: built for one package alone, what it depends on has other features and is built anew.
PROGRAMS = cargo build --quiet --locked --workspace --bins
BIN = $${CARGO_TARGET_DIR:-target}/debug

setup: ## install what is missing (root), or name it and stop
	@scripts/setup run

demo: setup ## issue 12 cards through pcscd, verify them, present 10 forgeries
	@$(PROGRAMS)
	@$(BIN)/demo

desk: setup ## the issuing desk in a browser, in a demo house of invented people; ARGS="--listen 127.0.0.1:PORT --out DIR"
	@$(PROGRAMS)
	@$(BIN)/desk $(ARGS)

desk-test: ## a headless Chromium from look-up to delivered card, pictures in target/desk, axe-core on every page
	@scripts/setup run
	@scripts/setup desk
	@scripts/desk-peers
	@$(PROGRAMS)
	@t=$${CARGO_TARGET_DIR:-target}; $$t/debug/desk --test --axe $$t/desk-peers/axe.min.js --out $$t/desk-house

test: setup ## the whole test suite
	cargo build --locked --workspace --bins
	cargo test --locked --workspace
	cargo run --quiet --locked -p cccd-verifier --no-default-features --example embed
	$(MAKE) fuzz-smoke

conformity: ## chip cases in the manner of TR-03105-3.2, one line each; READER=name (with CAN= or MRZ=) for a real card
	@$(PROGRAMS)
	$(BIN)/chip-conformity $(if $(READER),--reader "$(READER)" $(if $(CAN),--can $(CAN)) $(if $(MRZ),--mrz $(MRZ)))

attacks: ## every attack of docs/attacks.md, made from a genuine card and undone again; ARGS="--out DIR" keeps the forged cards
	@$(PROGRAMS)
	@$(BIN)/attacks $(ARGS)

inspection: ## inspection-system cases in the manner of TR-03105-5.1, one line each, as a folder prints their outcomes; DATA=dir names it
	@$(PROGRAMS)
	@$(BIN)/inspection $(if $(DATA),--data $(DATA))

attacks-doc: ## writes docs/attacks.md anew from the table of attacks
	@$(PROGRAMS)
	@$(BIN)/attacks --write docs/attacks.md

fuzz-smoke: ## every fuzz body for a few seconds, on the stable toolchain
	@$(PROGRAMS)
	$(BIN)/fuzz-smoke --seconds 2

faults: ## every removal of a card, every kill of the register's and the station's programs, enumerated; LONG=1 all combinations; ARGS=--help tells how to look into one
	@$(PROGRAMS) $(if $(LONG),--release)
	@$${CARGO_TARGET_DIR:-target}/$(if $(LONG),release,debug)/faults $(if $(LONG),--long) $(ARGS)

nation: ## one simulated year of a province through the register, and what must hold at its end; PEOPLE=n (default 100000), DB=sqlite|postgres|sqlite:FILE|postgres://…
	@$(PROGRAMS)
	@$(BIN)/nation $(if $(PEOPLE),--people $(PEOPLE)) $(if $(ENGINE),--engine $(ENGINE)) $(if $(CARDS),--cards $(CARDS)) $(if $(DB),--db $(DB))

interop: ## foreign readers, terminals and chips beside ours; ARGS="--only pace" runs a part
	@scripts/setup run
	@scripts/setup interop
	@scripts/interop-peers
	@$(PROGRAMS)
	@$(BIN)/interop $(ARGS)

foreign: ## judges a folder of third-party cases; DATA=dir names it (default CCCD_FOREIGN_DATA, else ../shared/data)
	@$(PROGRAMS)
	@$(BIN)/foreign $(if $(DATA),--data $(DATA)) $(if $(KIND),--only $(KIND))

bench: ## benchmarks beside their reference, also in target/bench.json; ONLY=name runs one; PEOPLE=n sizes the register, ENGINE=sqlite or postgres; CARDS=n of the station
	@scripts/setup bench
	cargo run --quiet --locked --release -p cccd-tests --features openssl-reference --bin bench -- $(if $(ONLY),--only $(ONLY)) $(if $(PEOPLE),--people $(PEOPLE)) $(if $(ENGINE),--engine $(ENGINE)) $(if $(CARDS),--cards $(CARDS))

lint: ## rustfmt and clippy, warnings are errors
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

doc: ## rustdoc, warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

deny: ## licences, bans, duplicates; advisories when their database is reachable
	@scripts/deny
