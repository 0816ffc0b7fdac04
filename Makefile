# What one does with a clone. `make run` and `make test` set up everything they need by themselves.

BIN := .venv/bin
LOCK := $(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

# Where compiled files are not kept, each start of a server compiles it all anew, and so does each process of the tests.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test demo bench faults processes thorough clients check-all audit lock migration docs translations dist

help:
	@echo "make run               start the server (without FEDCOMM_BASE_URL: a try-out on this machine)"
	@echo "make test              format, lint, types and tests, on SQLite and PostgreSQL"
	@echo "make demo              three servers on this machine that talk to each other, and guests"
	@echo "make bench             measure what things cost; fails nothing"
	@echo "make faults            kill, stop and starve servers many times over"
	@echo "make thorough          the longest walks over everything on PostgreSQL, and a small run of the bench"
	@echo "make processes         the stories of federation again, each server of two processes on one PostgreSQL"
	@echo "make clients           the suites of toot and Mastodon.py against a server on port 3000"
	@echo "make check-all         everything above that checks: test, a start in a fresh clone, thorough, processes, faults, bench"
	@echo "make audit             ask whether a version in the lock files has a known hole"
	@echo "make docs              write the generated pages of docs/ anew"
	@echo "make translations      bring the catalogues up to date with the texts, and compile them (language=fr: a new one)"
	@echo "make migration name=…  a new numbered migration, empty, in both dialects"
	@echo "make lock              write both lock files anew (UPGRADE=1: with the newest versions allowed)"
	@echo "make dist              the wheel and the source archive, in dist/"

# The environment is set up anew only when what it is made from has changed.
.venv/run.stamp: requirements.lock pyproject.toml
	@sh scripts/environment.sh requirements.lock
	@touch $@

.venv/test.stamp: requirements-dev.lock requirements.lock pyproject.toml
	@sh scripts/environment.sh requirements-dev.lock
	@touch .venv/run.stamp $@

run: .venv/run.stamp
	@exec $(BIN)/fedcomm serve

# Servers and databases that two tests start beside each other can make each other late. What fails is therefore tried
# once more with nothing beside it, and told as such; it has to pass then.
test: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# Beside the types, on the other core: the tests are compiled once for all who run them.
	$(BIN)/mypy & $(BIN)/python -m pytest -q --collect-only tests >/dev/null; wait $$!
	$(BIN)/python -m pytest -q -n 2 tests/architecture
	$(BIN)/python -m pytest -q -n 6 --dist worksteal tests --ignore=tests/architecture $(ARGS) || { \
		echo "--- what failed, once more by itself:"; \
		$(BIN)/python -m pytest -q --last-failed --last-failed-no-failures=none tests --ignore=tests/architecture; }

demo: .venv/run.stamp
	@exec $(BIN)/python scripts/demo.py $(ARGS)

bench: .venv/test.stamp
	@exec $(BIN)/python -m bench $(ARGS)

# The tests of faults as often as it takes to find what happens seldom, and every forgery against a server of its own;
# `make test` runs a few of each.
faults: .venv/test.stamp
	FEDCOMM_TEST_THOROUGH=1 FEDCOMM_TEST_FAULT_SEEDS=20 FEDCOMM_TEST_FAULT_HOSTS=200 FEDCOMM_TEST_FAULT_ITEMS=2000 \
		FEDCOMM_TEST_FAULT_WRITES=all FEDCOMM_TEST_FORGERY_EVERY=1 \
		$(BIN)/python -m pytest -q -o faulthandler_timeout=900 tests/faults tests/netns/test_forgery.py $(ARGS)

# `make test` has one process on PostgreSQL in these stories, except where programs of others take part.
processes: .venv/test.stamp
	FEDCOMM_TEST_PROCESSES=2 FEDCOMM_TEST_THOROUGH=1 $(BIN)/python -m pytest -q -n 2 tests/scenarios -k "not sqlite" $(ARGS)

# Walks over everything there is: `make test` takes them on SQLite alone.
thorough: .venv/test.stamp
	FEDCOMM_TEST_THOROUGH=1 $(BIN)/python -m pytest -q -n 4 --dist worksteal -m thorough tests $(ARGS)

# In an environment of their own, .clients; tests/clients/skipped.toml says which cannot pass.
clients: .venv/test.stamp
	@$(BIN)/python -m tests.clients.suites $(ARGS)

audit: .venv/test.stamp
	@$(BIN)/python scripts/audit.py

check-all:
	.ci/run
	$(MAKE) thorough processes faults bench

docs: .venv/test.stamp
	$(BIN)/python scripts/write_docs.py

translations: .venv/test.stamp
	@$(BIN)/python scripts/translations.py $(language)

migration: .venv/run.stamp
	@$(BIN)/python scripts/new_migration.py "$(name)"

lock: .venv/test.stamp
	$(LOCK) pyproject.toml --extra postgres --group build --output-file requirements.lock
	$(LOCK) pyproject.toml --extra postgres --group dev --constraints requirements.lock \
		--output-file requirements-dev.lock
	$(LOCK) tests/clients/requirements.in --output-file tests/clients/requirements.lock

dist: .venv/test.stamp
	$(BIN)/python -m hatchling build
