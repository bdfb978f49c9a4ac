# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The two commands of the README are `make demo` and `make test`; the rest are the parts of the second.

SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
.NOTPARALLEL:

ROOT := $(CURDIR)
VENV := $(ROOT)/.cache/venv/bin
TREE := $(ROOT)/.cache/sanity/ansible_collections/disconnected/mirror
PYTEST := $(VENV)/python -m pytest -q -p no:cacheprovider
# A Python that modules must still run on, where one is installed.
OLD_PYTHON ?= 3.9
# At how many random moments `make faults` kills a run.
KILLS ?= 5
# How many random catalogs `make differential` compares, how many rounds of each campaign `make promises` runs, and the first one's seed.
CASES ?= 20000
ROUNDS ?= 200
SEED ?= 1
# Arguments of the benchmark, such as --case smoke --rounds 1.
BENCHMARK ?=

export PATH := $(VENV):$(ROOT)/.cache/bin:$(PATH):/usr/sbin
export ANSIBLE_COLLECTIONS_PATH := $(ROOT)/.cache/collections
export ANSIBLE_HOME := $(ROOT)/.cache/ansible
export ANSIBLE_LOCALHOST_WARNING := false
export ANSIBLE_INVENTORY_UNPARSED_WARNING := false
export PYTHONDONTWRITEBYTECODE := 1
export LC_ALL := C.UTF-8
unexport ANSIBLE_CONFIG

.PHONY: help demo demo-stop test setup setup-demo setup-test setup-registries pytest unit integration faults differential promises benchmarks format format-check lint yamllint ansible-lint docs-lint changelog-lint \
        role-pages floors sanity sanity-tree molecule build clean

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup-demo ## Mirror a small image set between two registries of its own
	@$(VENV)/ansible-playbook disconnected.mirror.demo || { status=$$?; $(VENV)/ansible-playbook disconnected.mirror.demo_stop; exit $$status; }

demo-stop: setup-demo ## Stop what an interrupted demo left running
	@$(VENV)/ansible-playbook disconnected.mirror.demo_stop

# pytest comes last, so that its own summary ends the output.
test: setup-test lint sanity molecule pytest ## Run every check and test

pytest: setup-test
	$(PYTEST) tests/unit tests/integration tests/faults

setup: setup-test

setup-demo:
	@.ci/prepare venv requirements.txt
	@.ci/prepare tools registry

setup-test:
	@.ci/prepare venv requirements.txt tests/requirements.txt
	@.ci/prepare tools registry skopeo nginx gpg gpgv git
	@.ci/prepare charts
	@.ci/prepare catalogs
	@.ci/prepare answers

setup-registries: setup-test ## Build distribution 3 too (some minutes, once); tests against it are skipped without it
	@.ci/prepare registries

unit: setup-test ## Unit tests
	$(PYTEST) tests/unit

integration: setup-test ## Tests against real registries and clients
	$(PYTEST) tests/integration

faults: setup-test ## Tests through injected faults and kills (KILLS=200: at as many moments)
	MIRROR_KILLS=$(KILLS) $(PYTEST) tests/faults

differential: setup-test ## Random catalogs against a second reading of the rules and upstream's libraries (CASES=20000 SEED=1)
	MIRROR_CASES=$(CASES) MIRROR_SEED=$(SEED) $(PYTEST) tests/unit/plugins/module_utils/catalogs/test_differential.py

promises: setup-registries ## The campaigns of docs/dev/promises.md (ROUNDS=200 SEED=1)
	MIRROR_ROUNDS=$(ROUNDS) MIRROR_SEED=$(SEED) $(PYTEST) tests/faults/test_damage.py

benchmarks: setup-test ## Compare speed and cost with other tools
	$(VENV)/python tests/benchmarks/run.py $(BENCHMARK)

lint: format-check yamllint ansible-lint docs-lint changelog-lint ## All linters

format: setup-test ## Bring Python code into the one form
	$(VENV)/black -q --line-length 140 plugins tests extensions

format-check: setup-test
	$(VENV)/black -q --check --line-length 140 plugins tests extensions || { echo "run make format"; exit 1; }

yamllint: setup-test
	$(VENV)/yamllint --strict .

ansible-lint: setup-test
	$(VENV)/ansible-lint --offline --strict -q

docs-lint: setup-test
	$(VENV)/antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self --check-extra-docs-refs .

role-pages: setup-test ## Write the variables of the roles into their pages
	$(VENV)/python tests/tools/role_pages.py

floors: setup-test ## Draw the floors of the core into docs/dev/architecture.md
	$(VENV)/python tests/tools/floors.py

changelog-lint: setup-test
	$(VENV)/antsibull-changelog lint

sanity: sanity-tree ## ansible-test sanity, every test, nothing ignored
	$(VENV)/python tests/tools/sanity.py $(TREE) --old-python $(OLD_PYTHON)

# ansible-test needs a real directory of the right name, and a repository of its own around the files.
sanity-tree: setup-test
	@rm -rf $(TREE) && mkdir -p $(TREE) && git init -q $(TREE)
	@git ls-files -co --exclude-standard -z | while IFS= read -r -d '' file; do ! test -e "$$file" || cp --parents -t $(TREE) "$$file"; done

molecule: setup-test ## The roles' scenarios, each run twice
	cd extensions && $(VENV)/molecule test --all

build: setup-test ## Build the collection archive into .cache/build
	$(VENV)/ansible-galaxy collection build --force --output-path .cache/build

clean: ## Remove everything that was made here
	rm -rf .cache .hypothesis .pytest_cache .ansible tests/output
