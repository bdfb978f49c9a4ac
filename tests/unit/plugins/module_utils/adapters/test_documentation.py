# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What documentation says is what the code does: roles, examples, the action group."""

from __future__ import annotations

import ast
import glob
import os
import re

import pytest
import yaml

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.tools import role_pages

PREFIX = "disconnected.mirror."
MODULES = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(ROOT, "plugins", "modules", "*.py")))
GUIDES = glob.glob(os.path.join(ROOT, "docs", "docsite", "rst", "*.rst"))
ROLES = sorted(os.listdir(os.path.join(ROOT, "roles")))


def load(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return yaml.safe_load(file)


def texts(module):
    """DOCUMENTATION, EXAMPLES and RETURN of a module, read without importing it."""
    with open(os.path.join(ROOT, "plugins", "modules", f"{module}.py"), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found[node.targets[0].id] = yaml.safe_load(node.value.value)
    return found


def fragments(module):
    return texts(module)["DOCUMENTATION"].get("extends_documentation_fragment") or ()


def fragment_text(name):
    fragment, _dot, section = name[len(PREFIX) :].partition(".")
    with open(os.path.join(ROOT, "plugins", "doc_fragments", f"{fragment}.py"), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.targets[0].id == (section.upper() or "DOCUMENTATION"):
            return yaml.safe_load(node.value.value)
    raise AssertionError(f"{name} does not exist")


def merged(module, key):
    """What a module and its fragments say under a key of the documentation."""
    found = {}
    for document in [*map(fragment_text, fragments(module)), texts(module)["DOCUMENTATION"]]:
        for name, value in (document.get(key) or {}).items():
            found[name] = {**found.get(name, {}), **value}
    return found


def options(module):
    return merged(module, "options")


def attributes(module):
    return merged(module, "attributes")


@pytest.mark.parametrize("role", ROLES)
def test_defaults_of_a_role_are_those_of_its_argument_specs(role):
    defaults = load("roles", role, "defaults", "main.yml") or {}
    specified = {}
    for entry in load("roles", role, "meta", "argument_specs.yml")["argument_specs"].values():
        for name, option in (entry.get("options") or {}).items():
            assert name.startswith(f"{role}_"), name
            if "default" in option:
                assert specified.setdefault(name, option["default"]) == option["default"], f"{name} has two defaults"
            else:
                assert name not in defaults, f"{name} has a default in one place only"
    assert specified == defaults


@pytest.mark.parametrize("role", ROLES)
def test_no_entry_point_says_again_what_it_takes_over(role):
    """Ansible warns of it at every run."""
    with open(os.path.join(ROOT, "roles", role, "meta", "argument_specs.yml"), encoding="utf-8") as file:
        waiting = [yaml.compose(file, Loader=yaml.SafeLoader)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            waiting += [value for _key, value in node.value]
            merged_keys = [key.value for name, value in node.value if name.value == "<<" for key, _value in value.value]
            names = [name for name in (*merged_keys, *(name.value for name, _value in node.value)) if name != "<<"]
            assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})


@pytest.mark.parametrize("role", ROLES)
def test_every_entry_point_has_its_tasks_and_every_role_its_page(role):
    specs = load("roles", role, "meta", "argument_specs.yml")["argument_specs"]
    assert all(os.path.exists(os.path.join(ROOT, "roles", role, "tasks", f"{entry}.yml")) for entry in specs)
    assert role_pages.update(role, write=False), "run make role-pages"


@pytest.mark.parametrize("role", ROLES)
def test_switches_work_when_they_are_given_on_the_command_line(role):
    """There they are text, which is no condition for ansible-core 2.19 and is always true for earlier ones."""
    specs = load("roles", role, "meta", "argument_specs.yml")["argument_specs"].values()
    switches = {name for entry in specs for name, option in (entry.get("options") or {}).items() if option["type"] == "bool"}
    wrong = []
    for path in glob.glob(os.path.join(ROOT, "roles", role, "*", "*.yml")):
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
        for line in lines:
            condition = re.match(r"(?:when:|-) (?:not )?(\w+)\Z", line) or re.search(r" if (?:not )?(\w+) (?:else|and|or|\}\})", line)
            wrong += [f"{os.path.basename(path)}: {line}"] if condition and condition.group(1) in switches else []
    assert not wrong, wrong


@pytest.mark.parametrize("module", MODULES)
def test_examples_use_what_exists(module):
    documentation = texts(module)
    known = options(module)
    used = False
    for task in documentation["EXAMPLES"]:
        assert set(task) <= {
            "name",
            "register",
            "loop",
            "loop_control",
            "when",
            "vars",
            "check_mode",
            *(f"{PREFIX}{name}" for name in MODULES),
        } | {key for key in task if key.startswith("ansible.builtin.")}
        arguments = task.get(f"{PREFIX}{module}")
        if arguments is not None:
            used = True
            assert set(arguments) <= set(known), sorted(set(arguments) - set(known))
    assert used


@pytest.mark.parametrize("module", MODULES)
def test_every_value_is_documented_whole(module):
    for name, value in texts(module)["RETURN"].items():
        assert {"description", "returned", "type"} <= set(value), name
        if value["type"] == "list":
            assert "elements" in value, name


def test_modules_take_the_options_of_the_action_groups_that_list_them():
    """A group goes by the name of the fragment with its options, or of one that is part of it."""
    groups = load("meta", "runtime.yml")["action_groups"]
    for group, fragment in (("registry", "registry"), ("planning", "releases"), ("planning", "catalogs.planning"), ("planning", "charts")):
        taking = [module for module in MODULES if f"{PREFIX}{fragment}" in fragments(module)]
        assert groups[group] == taking, group


def test_modules_say_which_action_groups_list_them():
    groups = load("meta", "runtime.yml")["action_groups"]
    for module in MODULES:
        listed = sorted(f"{PREFIX}{group}" for group, members in groups.items() if module in members)
        assert sorted((attributes(module).get("action_group") or {}).get("membership") or []) == listed, module


def test_the_modules_of_a_role_get_every_shared_option():
    variables = load("roles", "mirror", "vars", "main.yml")
    assert set(variables["__mirror_registry_options"]) == set(fragment_text(f"{PREFIX}registry")["options"])
    planning = ("releases", "catalogs", "catalogs.planning", "charts", "imageset.access")
    options = {option for name in planning for option in fragment_text(f"{PREFIX}{name}")["options"]}
    assert set(variables["__mirror_planning_options"]) == options


def test_every_module_supports_check_mode():
    for module in MODULES:
        assert attributes(module)["check_mode"]["support"] == "full", module


def test_playbooks_name_hosts_by_variable_or_work_on_this_host():
    one = ("localhost", "{{ mirror_hosts | default('localhost', true) }}")
    many = ("{{ mirror_hosts | default('mirrors', true) }}", "{{ mirror_shard_group | default('mirror_hosts', true) }}")
    for path in glob.glob(os.path.join(ROOT, "playbooks", "*.yml")):
        for each in load(path):
            if "hosts" in each:
                assert each["hosts"] in one + many, path


def test_the_first_page_names_everything_that_is_included():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        page = file.read()
    for module in MODULES:
        summary = texts(module)["DOCUMENTATION"]["short_description"]
        assert f"| `{module}` | {summary} |" in page, module
    assert [role for role in ROLES if f"(roles/{role}/README.md)" not in page] == []
    playbooks = [os.path.basename(path)[:-4] for path in glob.glob(os.path.join(ROOT, "playbooks", "*.yml"))]
    assert [name for name in playbooks if f"`{PREFIX}{name}`" not in page and f"`{name}`" not in page] == []


def test_every_guide_is_listed():
    listed = [name for section in load("docs", "docsite", "extra-docs.yml")["sections"] for name in section["toctree"]]
    assert sorted(listed) == sorted(os.path.basename(path)[:-4] for path in GUIDES)


def test_guides_name_variables_and_modules_that_exist():
    known = {
        name for entry in load("roles", "mirror", "meta", "argument_specs.yml")["argument_specs"].values() for name in entry["options"]
    }
    known |= {
        "mirror_hosts",
        "mirror_verification",
        "mirror_plan",
        "mirror_result",
        "mirror_resources",
        "mirror_summary",
        "mirror_to_mirror",
        "mirror_to_disk",
    }
    known |= set(load("extensions", "controller", "settings.yml"))
    known |= {os.path.basename(path)[:-4] for path in glob.glob(os.path.join(ROOT, "extensions", "eda", "rulebooks", "*.yml"))}
    for path in GUIDES:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        named = set(re.findall(r"``(mirror_(?!seq)[a-z_0-9]+)", text))
        assert named - known - set(MODULES) == set(), os.path.basename(path)


def descriptions(value):
    """Every entry of a `description` anywhere below a value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "description" and not isinstance(inner, dict):
                yield from inner if isinstance(inner, list) else [inner]
            else:
                yield from descriptions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from descriptions(inner)


@pytest.mark.parametrize("module", MODULES)
def test_descriptions_are_texts(module):
    """A colon and a space make a sentence a mapping, which ansible-doc refuses to show."""
    found = [*descriptions(options(module)), *descriptions(texts(module).get("RETURN"))]
    assert [text for text in found if not isinstance(text, str)] == []


def test_descriptions_of_roles_are_texts():
    for role in ROLES:
        found = descriptions(load("roles", role, "meta", "argument_specs.yml"))
        assert [text for text in found if not isinstance(text, str)] == []


def test_every_code_of_a_failure_has_its_advice():
    """Codes are class members, in whichever file an error is declared."""
    declared = re.compile(r"^    code = \"(\w+)\"$", re.M)
    sources = glob.glob(os.path.join(ROOT, "plugins", "module_utils", "**", "*.py"), recursive=True)
    codes: set[str] = set()
    for path in sources:
        with open(path, encoding="utf-8") as file:
            codes.update(declared.findall(file.read()))
    with open(os.path.join(ROOT, "docs", "docsite", "rst", "guide_troubleshooting.rst"), encoding="utf-8") as file:
        page = file.read()
    assert {"not_found", "error"} <= codes and [code for code in sorted(codes) if f"``{code}``" not in page] == []
