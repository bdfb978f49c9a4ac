# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks for a controller and their data, with the real modules of awx.awx, on a stand-in of the API."""

from __future__ import annotations

import base64
import glob
import importlib
import json
import os
import subprocess
from unittest import mock

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_arguments import take
from ansible_collections.disconnected.mirror.tests.fakes import playbook
from ansible_collections.disconnected.mirror.tests.fakes.controller_api import HIDDEN, PASSWORD, TOKEN, ControllerApi, inject
from ansible_collections.disconnected.mirror.tests.fakes.images import image, put
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

MODULES = "ansible_collections.awx.awx.plugins.modules"
pytest.importorskip(f"{MODULES}.job_template", reason="awx.awx is not there; .ci/prepare collections brings it")

SECRETS = {
    "password": "registry-password-77d1",
    "pull_secret": '{"auths": {"quay.io": {"auth": "cHVsbDo1YWMy"}}}',
    "key": "signing-key-e0b4",
    "kubeconfig": "token: cluster-token-88f0",
}
INPUTS = {
    "Mirror registry": {"username": "pusher", "password": SECRETS["password"]},
    "Pull secret": {"pull_secret": SECRETS["pull_secret"]},
    "Archive signing key": {"kind": "ssh", "key": SECRETS["key"]},
    "Mirrored cluster": {"kubeconfig": SECRETS["kubeconfig"]},
}
CREDENTIALS = [
    {"name": f"Our {kind}", "organization": "Default", "credential_type": kind, "inputs": inputs} for kind, inputs in INPUTS.items()
]
VARIABLES = {"mirror_controller_webhook_url": "https://chat.example.com/hook", "mirror_controller_credentials": CREDENTIALS}
# Variables of the data, by the module that takes what they hold.
DATA = {
    "aap_organizations": "organization",
    "controller_credential_types": "credential_type",
    "controller_credentials": "credential",
    "controller_execution_environments": "execution_environment",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_notifications": "notification_template",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}
# What a survey suggests instead of the role's default.
OTHERWISE = {"mirror_verify_level": ("blobs",), "cluster_allow_drain": ("false",)}
# An answer to each question that takes more than a word.
TEXTS = {
    "mirror_delete_imageset": "kind: DeleteImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\ndelete: {}\n",
    "mirror_explain": "- quay.io/team/app:1\n- 4.18.6\n",
    "mirror_verify_part": '{"number": 1, "count": 7}',
    "mirror_since": "2026-01-31",
}
TYPES = {"str": str, "bool": bool, "int": int, "float": (int, float), "list": list, "dict": dict, "path": str, "raw": object}
MIRROR = "mirror: {additionalImages: [{name: '%s/team/app:1'}]}\n"
# They are no part of a mirror's life.
NO_TEMPLATE = {"controller.yml", "demo.yml", "demo_stop.yml"}


def play(folder, api, name, variables, *options, **environment):
    """Quickly: without an interpreter for each of a hundred items, and without reading certificates for each request."""
    quick = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": str(folder)}
    own = {**quick, "ANSIBLE_ACTION_PLUGINS": os.path.join(ROOT, "tests", "fakes", "in_process"), **api.environment, **environment}
    plain = playbook.environment
    with mock.patch.object(playbook, "environment", lambda place: {**plain(place), **own}):
        return playbook.play(folder, name, variables, *options)


# What the role plan hands on, from two hosts of which one failed.
PLANNED = {
    "complete": False,
    "hosts": {
        "lab": {"outcome": "failed", "complete": False, "changed": False, "reason": "the registry does not answer"},
        "east": {
            "outcome": "complete",
            "complete": True,
            "changed": True,
            "reason": "",
            "images": 190,
            "bytes": 922000000,
            "bytes_to_read": 73400320,
            "bytes_to_send": 73400320,
            "text": ["Against the last plan: 2 images new, 0 gone", "+ 4.18.6"],
        },
    },
}
DESCRIBED = """east: complete
190 images of 879.3 MiB: 70.0 MiB to read from sources, 70.0 MiB to send
Against the last plan: 2 images new, 0 gone
+ 4.18.6
lab: failed, the registry does not answer"""
HANDED_ON = {"imageset_plan": PLANNED, "awx_workflow_job_name": "Mirror - update"}


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """A stand-in with everything in it, after a run, a plan that was described, and a run that had nothing to do."""
    names = sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "playbooks", "*.yml")))
    folder = tmp_path_factory.mktemp("controller")
    with ControllerApi(names) as api:
        first = play(folder, api, "disconnected.mirror.controller", VARIABLES, "-vvv")
        assert first.ok, first.text[-3000:]
        described = play(folder, api, "disconnected.mirror.controller_describe", HANDED_ON)
        assert described.ok, described.text[-3000:]
        api.seen = len(api.writes)
        second = play(folder, api, "disconnected.mirror.controller", VARIABLES)
        yield api, first, second


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The data as a user's own playbook gets it."""
    folder = tmp_path_factory.mktemp("data")
    files = sorted(glob.glob(os.path.join(ROOT, "extensions", "controller", "*.yml")))
    content = "{{ {" + ", ".join(f"'{name}': {name}" for name in DATA) + "} | to_json }}"
    task = {"ansible.builtin.copy": {"content": content, "dest": str(folder / "data"), "mode": "0600"}}
    written = playbook.play(folder, [{"hosts": "localhost", "gather_facts": False, "vars_files": files, "tasks": [task]}], VARIABLES)
    assert written.ok, written.text
    return json.loads((folder / "data").read_text())


def specification(name):
    """The arguments that a module of the real collection takes."""
    module = importlib.import_module(f"{MODULES}.{name}")
    with mock.patch.object(module, "ControllerAPIModule", side_effect=Taken) as made, pytest.raises(Taken):
        module.main()
    rules = {key: made.call_args.kwargs.get(key) for key in ("mutually_exclusive", "required_if")}
    return ArgumentSpecValidator(made.call_args.kwargs["argument_spec"], **rules)


class Taken(Exception):
    """Ends a module's main as soon as it has said its arguments."""

    def __init__(self, *_given, **_named):
        super().__init__()


def test_the_data_is_what_the_modules_take(data):
    nodes = []
    for variable, name in DATA.items():
        takes = specification(name)
        for item in data[variable]:
            given = dict(item)
            nodes += [{"workflow_job_template": item["name"], **node} for node in given.pop("simplified_workflow_nodes", [])]
            assert not takes.validate(given).error_messages, (variable, item["name"])
    takes = specification("workflow_job_template_node")
    assert nodes and not [takes.validate(node).error_messages for node in nodes if takes.validate(node).error_messages]


def test_a_second_run_changes_nothing(applied):
    api, first, second = applied
    assert first.changed
    assert second.ok, second.text[-3000:]
    assert second.changed == 0
    assert {path for _method, path in api.writes[api.seen :] if not path.startswith("tokens")} == set()


def test_check_mode_says_what_was_changed_by_hand(applied, tmp_path):
    api, _first, _second = applied
    template = api.one("job_templates", "Mirror - verify")
    with mock.patch.dict(template, {"playbook": "playbooks/plan.yml"}):
        checked = play(tmp_path, api, "disconnected.mirror.controller", VARIABLES, "--check")
        assert checked.ok and checked.changed == 1
        assert template["playbook"] == "playbooks/plan.yml"


def test_no_secret_is_shown(applied):
    api, first, second = applied
    secrets = [*SECRETS.values(), "cHVsbDo1YWMy", PASSWORD, TOKEN]
    assert not [secret for secret in secrets for run in (first, second) if secret in run.text]
    for kind, inputs in INPUTS.items():
        shown = api._shown("credentials", api.one("credentials", f"Our {kind}"))["inputs"]
        assert {key for key, value in shown.items() if value == HIDDEN} == set(inputs) & set(SECRETS)


def test_every_playbook_has_a_template(data):
    files = {name for name in os.listdir(os.path.join(ROOT, "playbooks")) if name.endswith(".yml")}
    assert {f"playbooks/{name}" for name in files - NO_TEMPLATE} == {item["playbook"] for item in data["controller_templates"]}


def test_workflows_follow_their_steps(applied):
    api, _first, _second = applied
    update = api.one("workflow_job_templates", "Mirror - update")["id"]
    nodes = {item["identifier"]: item for item in api.objects["workflow_job_template_nodes"] if item["workflow_job_template"] == update}
    follows, at = [], nodes["plan"]
    while at:
        follows.append(at["identifier"])
        ids = api._associated.get(f"workflow_job_template_nodes/{at['id']}/success_nodes", [])
        at = next((node for node in nodes.values() if node["id"] in ids), None)
    assert follows == ["plan", "describe", "approve", "mirror", "verify", "apply"]
    assert nodes["mirror"]["extra_data"] == {"mirror_locked": "true"}


def test_the_plan_describes_itself_to_those_who_approve(applied):
    api, _first, _second = applied
    update = api.one("workflow_job_templates", "Mirror - update")["id"]
    nodes = [node for node in api.objects["workflow_job_template_nodes"] if node["identifier"] == "approve"]
    templates = {item["id"]: item for item in api.objects["workflow_approval_templates"]}
    told = {node["workflow_job_template"]: templates[node["unified_job_template"]] for node in nodes}
    assert len(told) == 2
    assert [item["description"].strip() for workflow, item in sorted(told.items())] == [DESCRIBED, ""]
    assert (told[update]["name"], told[update]["timeout"]) == ("Approve the plan", 7 * 86400)


def test_without_a_credential_for_the_controller_the_plan_is_only_shown(applied, tmp_path):
    api, _first, _second = applied
    before = len(api.writes)
    done = play(tmp_path, api, "disconnected.mirror.controller_describe", HANDED_ON, CONTROLLER_HOST="")
    assert done.ok and "190 images" in done.text
    assert len(api.writes) == before


def injected(data, inputs):
    """The variables that the credentials bring to a job."""
    kinds = {kind["name"]: kind["injectors"]["extra_vars"] for kind in data["controller_credential_types"]}
    return {name: inject(text, inputs[kind]) for kind, texts in kinds.items() for name, text in texts.items()}


def entry_points():
    """The argument specs of all entry points of the roles."""
    for path in glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml")):
        with open(path, encoding="utf-8") as file:
            yield from yaml.safe_load(file)["argument_specs"].values()


def test_surveys_ask_for_what_the_roles_take(data):
    """Each answer that can be chosen is a choice of the role, and each default its default, so that asking changes nothing."""
    options = {name: option for entry in entry_points() for name, option in entry["options"].items()}
    # A site's limits are not for a survey: its answers would undo them.
    kept = {"mirror_imageset", "mirror_destination", "mirror_prune", "mirror_max_deletions", "mirror_protect", "mirror_tag_moves"}
    questions = [question for template in data["controller_templates"] for question in template.get("survey_spec", {}).get("spec", [])]
    assert len(questions) > 12
    assert not kept & {question["variable"] for question in questions}
    for question in questions:
        option = options[question["variable"]]
        truth = ["false", "true"] if option["type"] == "bool" else None
        assert sorted(question.get("choices", [])) == sorted(map(str, truth or option.get("choices", []))), question
        empty = option.get("default") in (None, {}, [], "")
        default = str(option.get("default")).lower() if option["type"] == "bool" else option.get("default")
        assert question["default"] in ("" if empty else default, *OTHERWISE.get(question["variable"], ())), question


def answers(question):
    """What somebody may answer, always as the text that a survey or a rulebook hands on."""
    if question.get("choices"):
        return question["choices"]
    if question["type"] in ("integer", "float"):
        return [str(question["min"]), str(question["default"]), str(question["max"])]
    return ["", TEXTS.get(question["variable"], "some text")]


def test_every_answer_is_taken_as_text(data):
    with open(os.path.join(ROOT, "roles", "mirror", "meta", "argument_specs.yml"), encoding="utf-8") as file:
        points = yaml.safe_load(file)["argument_specs"]
    taken = 0
    for template in data["controller_templates"]:
        name = os.path.basename(template["playbook"])[: -len(".yml")]
        for question in template.get("survey_spec", {}).get("spec", []) if name in points else []:
            option = points[name]["options"][question["variable"]]
            for text in answers(question):
                found = take({question["variable"]: option}, {question["variable"]: text}, str)
                assert not found.wrong, (question, text, found.wrong)
                assert isinstance(found.all[question["variable"]], TYPES[option["type"]]), (question, text)
                taken += 1
    assert taken > 25


def test_rulebooks_start_what_is_there(data):
    started = set()
    for path in glob.glob(os.path.join(ROOT, "extensions", "eda", "rulebooks", "*.yml")):
        with open(path, encoding="utf-8") as file:
            actions = [rule["action"] for ruleset in yaml.safe_load(file) for rule in ruleset["rules"]]
        started |= {action["run_workflow_template"]["name"] for action in actions if "run_workflow_template" in action}
    assert started and started <= {item["name"] for item in data["controller_workflows"]}


def test_credentials_bring_variables_of_the_roles(data):
    given = injected(data, INPUTS)
    assert json.loads(given["mirror_archive_signing_key"]) == {"kind": "ssh", "text": SECRETS["key"]}
    assert json.loads(given["mirror_pull_secret"]) == json.loads(SECRETS["pull_secret"])
    options = {name for entry in entry_points() for name in entry["options"]}
    assert set(given) <= options


def test_credentials_do_their_work_and_stay_hidden(data, tmp_path):
    """Over an air gap with what the credentials bring: the source and the mirror ask for a password, the archive is signed."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    key = (tmp_path / "key").read_text()
    with FakeRegistry(auth=Guard(mode="basic", users={"reader": "source-password-c3d9"})) as source:
        with FakeRegistry(auth=Guard(mode="basic", users={"pusher": SECRETS["password"]})) as mirror:
            put(image("app"), source.content, "team/app", "1")
            login = base64.b64encode(b"reader:source-password-c3d9").decode()
            inputs = {
                **INPUTS,
                "Pull secret": {"pull_secret": json.dumps({"auths": {source.host: {"auth": login}}})},
                "Archive signing key": {"kind": "ssh", "key": key},
            }
            imageset = f"kind: ImageSetConfiguration\napiVersion: mirror.openshift.io/v2alpha1\n{MIRROR % source.host}"
            variables = {
                **injected(data, inputs),
                "mirror_imageset": imageset,
                "mirror_archive": str(tmp_path / "archives"),
                "mirror_tls": json.dumps([{"host": host, "plain_http": True} for host in (source.host, mirror.host)]),
            }
            variables.pop("cluster_kubeconfig")
            connected = {**variables, "mirror_workspace": str(tmp_path / "connected")}
            out = playbook.play(tmp_path / "out", "disconnected.mirror.mirror_to_disk", connected, "-vvv")
            assert out.ok, out.text[-3000:]
            trusted = {"kind": "ssh", "path": str(tmp_path / "key.pub")}
            island = {**variables, "mirror_workspace": str(tmp_path / "island"), "mirror_destination": f"docker://{mirror.host}/mirror"}
            into = playbook.play(
                tmp_path / "in", "disconnected.mirror.disk_to_mirror", {**island, "mirror_archive_trusted_keys": trusted}, "-vvv"
            )
            assert into.ok, into.text[-3000:]
            assert any("1" in repository.tags for repository in mirror.content.repositories.values())
    secrets = [SECRETS["password"], "source-password-c3d9", login, *key.splitlines()[1:-1]]
    assert not [secret for secret in secrets for run in (out, into) if secret in run.text]
