# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The two commands of the README are `make demo` and `make test`; most of the rest are the parts of the second.

SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
.NOTPARALLEL:

ROOT := $(CURDIR)
# The virtual environment, and the versions that its tools are held to; without CONSTRAINTS the newest are taken.
export VENV ?= $(ROOT)/.cache/venv
export CONSTRAINTS ?= tests/constraints.txt
# Of the environment; PYTHON= names the one that the environment is made with.
INTERPRETER := "$(VENV)/bin/python"
BIN := $(VENV)/bin
TREE := $(ROOT)/.cache/sanity/ansible_collections/disconnected/mirror
VERSION := $(shell awk '$$1 == "version:" { print $$2 }' galaxy.yml)
# What people read.
PROSE := README.md CONTRIBUTING.md SECURITY.md docs changelogs plugins roles playbooks extensions
PYTEST := $(INTERPRETER) -m pytest -q -p no:cacheprovider
# Set where everything is ready already, by what runs the parts.
READY ?=
# Parts of `make test`, all of them when empty.
PARTS ?=
# A Python that modules must still run on, where one is installed.
OLD_PYTHON ?= 3.9
# At how many random moments `make faults` kills a run.
KILLS ?= 5
# How many random catalogs `make differential` compares, how many rounds of each campaign `make promises` runs, and the first one's seed.
CASES ?= 20000
ROUNDS ?= 200
SEED ?= 1
# Inputs that `make fuzz` feeds each reader with.
COUNT ?= 40000
# Arguments of the benchmark, such as --case smoke --rounds 1.
BENCHMARK ?=
# Where the demo's registries listen.
SOURCE_PORT ?= 5461
MIRROR_PORT ?= 5462
ISLAND_PORT ?= 5463
# Where `make publish` publishes.
GALAXY ?= https://galaxy.ansible.com
# Trials on bare systems, such as trixie-root or bookworm-user:demo; all when empty.
BARE ?=

export PATH := $(BIN):$(ROOT)/.cache/bin:$(PATH):/usr/sbin
export ANSIBLE_COLLECTIONS_PATH := $(ROOT)/.cache/collections
export ANSIBLE_HOME := $(ROOT)/.cache/ansible
export ANSIBLE_LOCALHOST_WARNING := false
export ANSIBLE_INVENTORY_UNPARSED_WARNING := false
export PYTHONDONTWRITEBYTECODE := 1
export LC_ALL := C.UTF-8
unexport ANSIBLE_CONFIG

.PHONY: help demo demo-stop test test-latest pins bare setup setup-demo setup-test tools pytest unit coverage integration fuzz attacks apiserver faults differential noise promises \
        browser pictures benchmarks execution-environment execution-environment-context \
        format format-check lint ruff mypy yamllint ansible-lint docs-lint changelog changelog-lint spelling licenses docs importer examples recordings role-pages floors sanity sanity-cores cores sanity-tree molecule build publish clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' Makefile

demo: setup-demo ## Mirror a small image set between registries of its own (SOURCE_PORT=, MIRROR_PORT=, ISLAND_PORT=)
	@$(INTERPRETER) extensions/demo/run.py --ports $(SOURCE_PORT) $(MIRROR_PORT) $(ISLAND_PORT) .cache/demo

demo-stop: setup-demo ## Stop what an interrupted demo left running
	@$(INTERPRETER) extensions/demo/run.py --stop .cache/demo

test: setup-test ## Run every check and test, by parts (PARTS="lint unit": only these)
	@$(INTERPRETER) tests/tools/parts.py $(PARTS)

test-latest: ## The same with the newest tools instead of the pinned ones, in an environment of its own
	@$(MAKE) --no-print-directory test VENV="$(ROOT)/.cache/venv-latest" CONSTRAINTS=

pins: ## Write tests/constraints.txt: all tools, for each Python that is supported
	@.ci/pins

bare: ## Try both commands on bare Debian systems that it builds (root, debootstrap; an hour)
	@.ci/bare $(BARE)

setup: setup-test

setup-demo:
	@.ci/prepare system python registry 'skopeo?' 'gpg?'
	@.ci/prepare venv requirements.txt

setup-test:
ifndef READY
	@.ci/prepare system python registry skopeo nginx gpg gpgv git ssh-keygen 'go?' 'java?'
	@.ci/prepare venv requirements.txt tests/requirements.txt
	@.ci/prepare collections
endif

# Without Go they stay away, and what needs them is skipped.
tools: setup-test ## Build the programs that some tests use: helm, opm, distribution 3, a program that asks other tools' libraries
	@.ci/prepare charts
	@.ci/prepare registries
	@.ci/prepare catalogs
	@.ci/prepare answers
	@.ci/prepare rulebook

pytest: tools ## All of the tests that pytest runs
	$(PYTEST) tests/unit tests/integration tests/faults tests/fuzz tests/docs

unit: setup-test ## Unit tests
	$(PYTEST) tests/unit

coverage: setup-test ## What unit tests run of the core, by .coveragerc
	$(INTERPRETER) -m coverage run --rcfile .coveragerc -m pytest -q -p no:cacheprovider tests/unit
	$(INTERPRETER) -m coverage report --rcfile .coveragerc

integration: tools ## Tests against real registries and clients
	$(PYTEST) tests/integration

fuzz: tools ## Every reader of foreign bytes with random ones (SEED=1 COUNT=40000 for each of them)
	MIRROR_FUZZ_SEED=$(SEED) MIRROR_FUZZ_COUNT=$(COUNT) $(PYTEST) -rP tests/fuzz

attacks: tools ## Every attack on what is read, written, sent and shown
	$(PYTEST) tests/attacks

faults: tools ## Tests through injected faults and kills (KILLS=200: at as many moments)
	MIRROR_KILLS=$(KILLS) $(PYTEST) tests/faults

differential: tools ## Random catalogs against a second reading of the rules and upstream's libraries (CASES=20000 SEED=1)
	MIRROR_CASES=$(CASES) MIRROR_SEED=$(SEED) $(PYTEST) tests/unit/plugins/module_utils/catalogs/test_differential.py

apiserver: setup-test ## Build kube-apiserver, and run everything about clusters on it and on the stand-in (SEED=1; ten minutes the first time)
	@.ci/prepare system 'etcd?'
	@.ci/prepare apiserver
	MIRROR_SEQUENCES=100 MIRROR_SEED=$(SEED) $(PYTEST) tests/integration/clusters

noise: tools ## Fifty runs through 5 % of mixed faults, and a layer of 512 MiB over links that are cut (SEED=1)
	MIRROR_RUNS=50 MIRROR_LAYER=512 MIRROR_SEED=$(SEED) $(PYTEST) tests/faults/test_campaign.py

promises: tools ## The campaigns of docs/dev/promises.md (ROUNDS=200 SEED=1)
	MIRROR_ROUNDS=$(ROUNDS) MIRROR_SEED=$(SEED) $(PYTEST) tests/faults/test_damage.py tests/faults/test_replay.py tests/faults/test_chains.py

execution-environment-context: setup-test ## What ansible-builder builds the execution environment from, in .cache/execution-environment
	$(INTERPRETER) extensions/execution_environment/context.py .cache/execution-environment

execution-environment: setup-test ## Build one on a bare Debian and mirror in it by ansible-runner (root, debootstrap, buildah, podman, runc)
	@.ci/execution-environment

browser: setup-test ## The report in headless Chromium: real runs, widths, light, dark, print, axe-core, keyboard (MIRROR_PICTURES=folder keeps what was seen)
	@.ci/prepare system chromium
	@.ci/prepare venv requirements.txt tests/requirements.txt tests/browser/requirements.txt
	MIRROR_WIDTHS=375,768,1280,1920 $(PYTEST) -rP tests/browser

pictures: setup-test ## Take the pictures of the guides
	@.ci/prepare system chromium
	@.ci/prepare venv requirements.txt tests/requirements.txt tests/browser/requirements.txt
	PYTHONPATH="$(ANSIBLE_COLLECTIONS_PATH)" $(INTERPRETER) tests/tools/pictures.py docs/docsite/site/images

benchmarks: tools ## Compare speed and cost with other tools
	$(INTERPRETER) tests/benchmarks/run.py $(BENCHMARK)

lint: format-check ruff mypy yamllint ansible-lint docs-lint changelog-lint spelling licenses docs importer ## All linters

format: setup-test ## Bring Python code into the one form
	$(INTERPRETER) -m black -q --line-length 140 plugins tests extensions

format-check: setup-test
	$(INTERPRETER) -m black -q --check --line-length 140 plugins tests extensions || { echo "run make format"; exit 1; }

ruff: setup-test ## Faults that ruff finds in Python code, by ruff.toml
	"$(BIN)/ruff" check --no-cache plugins tests extensions

# By the names that the code imports itself with.
mypy: setup-test ## Types of the core, checked strictly, by mypy.ini
	cd .cache/collections && "$(BIN)/mypy" --config-file "$(ROOT)/mypy.ini" --cache-dir "$(ROOT)/.cache/mypy" \
	  -p ansible_collections.disconnected.mirror.plugins.module_utils

yamllint: setup-test
	"$(BIN)/yamllint" --strict .

ansible-lint: setup-test
	"$(BIN)/ansible-lint" --offline --strict -q

docs-lint: setup-test
	"$(BIN)/antsibull-docs" lint-collection-docs --plugin-docs --validate-collection-refs=self --check-extra-docs-refs .

docs: setup-test ## Build the documentation site, offline, with warnings as errors: .cache/docs/html/index.html
	$(INTERPRETER) tests/tools/docsite.py .cache/docs

# Names of values, and what Ansible spells so.
spelling: setup-test ## Spelling of what people read
	"$(BIN)/codespell" --builtin clear,rare,usage,en-GB_to_en-US --ignore-words-list armour,armoured,cancelled,judgement,neighbours $(PROSE)

licenses: setup-test ## A license for every file, as REUSE has it
	"$(BIN)/reuse" lint --quiet || "$(BIN)/reuse" lint

importer: build ## What Galaxy checks when the archive is published
	@cd .cache/build && GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true \
	  $(INTERPRETER) -m galaxy_importer.main "disconnected-mirror-$(VERSION).tar.gz" >importer.log 2>&1 || { cat importer.log; exit 1; }
	@! grep -E '^(WARNING|ERROR)' .cache/build/importer.log

examples: setup-test ## Write the list of examples, docs/dev/examples.md
	cd .cache/collections && $(INTERPRETER) -m ansible_collections.disconnected.mirror.tests.tools.examples

recordings: setup-test ## Write into the guides what their commands print
	cd .cache/collections && $(INTERPRETER) -m ansible_collections.disconnected.mirror.tests.tools.recordings

role-pages: setup-test ## Write the variables of the roles into their pages
	$(INTERPRETER) tests/tools/role_pages.py

floors: setup-test ## Draw the floors of the core into docs/dev/architecture.md
	$(INTERPRETER) tests/tools/floors.py

# Once more for the same version while it is not out, with fragments that came since.
changelog: setup-test ## Write CHANGELOG.rst for the version of galaxy.yml from changelogs/fragments
	"$(BIN)/antsibull-changelog" release --version "$(VERSION)" --update-existing --refresh-fragments with-archives

changelog-lint: setup-test
	"$(BIN)/antsibull-changelog" lint

sanity: sanity-tree ## ansible-test sanity, every test, nothing ignored
	$(INTERPRETER) tests/tools/sanity.py "$(TREE)" --old-python $(OLD_PYTHON)

# The lowest that is supported, that of today's execution environments, and the newest.
CORES ?= 2.16 2.18 2.21
# What `make cores` is held to, such as --pythons 3.9 --connections local; all when empty.
ROWS ?=

sanity-cores: sanity-tree ## The same on the lowest and the newest core, and on one between them (CORES="2.16 2.21")
	@for core in $(CORES); do \
	  venv="$$($(INTERPRETER) tests/tools/cores.py $$core --environment)" || exit 1; \
	  echo "ansible-core $$core"; \
	  PATH="$$venv/bin:$$PATH" "$$venv/bin/python" tests/tools/sanity.py "$(TREE)" || exit 1; \
	done

cores: setup-test ## A whole play on each core, Python of the host, connection and callback (CORES="2.16 2.21", ROWS="--pythons 3.9")
	@COLLECTIONS="awx.awx ansible.posix" .ci/prepare collections
	@.ci/prepare newest-python
	@$(INTERPRETER) tests/tools/cores.py $(CORES) $(ROWS)

# ansible-test needs a real directory of the right name, and a repository of its own around the files.
sanity-tree: setup-test
	@rm -rf "$(TREE)" && mkdir -p "$(TREE)" && git init -q "$(TREE)"
	@git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do ! test -e "$$file" || cp --parents -t "$(TREE)" "$$file"; done

molecule: setup-test ## The roles' scenarios, each run twice
	cd extensions && MOLECULE_PORTS="$${MOLECULE_PORTS:-$$(PYTHONPATH="$(ANSIBLE_COLLECTIONS_PATH)" $(INTERPRETER) ../tests/tools/free_ports.py 3)}" "$(BIN)/molecule" test --all

build: ## Build the collection archive into .cache/build
	@.ci/prepare system python
	@.ci/prepare venv requirements.txt
	"$(BIN)/ansible-galaxy" collection build --force --output-path .cache/build

# What `make build` made of this version.  The token stays out of command lines, which everybody on a machine can read.
publish: ## Publish that archive on Galaxy (ANSIBLE_GALAXY_SERVER_TOKEN= of the namespace)
	ANSIBLE_GALAXY_SERVER_LIST=galaxy ANSIBLE_GALAXY_SERVER_GALAXY_URL="$(GALAXY)" \
	  ANSIBLE_GALAXY_SERVER_GALAXY_TOKEN="$${ANSIBLE_GALAXY_SERVER_TOKEN:?is not set}" "$(BIN)/ansible-galaxy" collection publish \
	  ".cache/build/disconnected-mirror-$(VERSION).tar.gz"

clean: ## Remove everything that was made here
	rm -rf .cache .hypothesis .pytest_cache .ansible tests/output
