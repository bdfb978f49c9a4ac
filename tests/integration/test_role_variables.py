# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths are the caller's, what a play sets in module_defaults stays, and a plan says what it changes."""

from __future__ import annotations

import getpass
import os
import re
import sys

import pytest
import yaml

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.tools import ssh_server


def below_the_collection():
    """Every file where plays and roles of an installed collection are."""
    return sorted(
        os.path.join(path, name)
        for part in ("playbooks", "roles")
        for path, _folders, names in os.walk(os.path.join(ROOT, part))
        for name in names
    )


def configuration(path, *names):
    document = {
        "apiVersion": "mirror.openshift.io/v1alpha2",
        "kind": "ImageSetConfiguration",
        "storageConfig": {"local": {"path": "./metadata"}},
        "mirror": {"additionalImages": [{"name": name} for name in names]},
    }
    path.write_text(yaml.safe_dump(document))


def run(site, tasks_from, variables, *options):
    """With what reaches the registries from module_defaults of the play alone."""
    registry = {"tls": site.variables()["mirror_tls"], "retry_times": 0}
    tasks = [{"ansible.builtin.import_role": {"name": "disconnected.mirror.mirror", "tasks_from": tasks_from}}]
    plays = [
        {"hosts": "localhost", "gather_facts": False, "module_defaults": {"group/disconnected.mirror.registry": registry}, "tasks": tasks}
    ]
    return play(os.path.join(site.folder, "play"), plays, variables, *options)


def test_relative_paths_are_those_of_the_caller(site, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = below_the_collection()
    configuration(here / "imageset.yaml", site.names[0])
    variables = {"mirror_config": "imageset.yaml", "mirror_workspace": "file://workspace", "mirror_archive": "archives"}

    foreseen = run(site, "mirror_to_disk", variables, "--check")
    assert foreseen.ok, foreseen.text
    assert os.listdir(here) == ["imageset.yaml"] and "mirror_seq1" not in foreseen.text and str(here / "workspace") not in foreseen.text
    assert re.search(rf"Sequence 1 would have 1 file of together [0-9.]+ MiB in {re.escape(str(here))}/archives", foreseen.text)
    told = foreseen.stats["imageset_summary"]
    assert told["complete"] is False and told["hosts"]["localhost"]["outcome"] == "predicted" and told["copied"] > 0

    # Ansible runs modules where the playbook is, and this one is in the collection.
    shared = {"mirror_tls": site.variables()["mirror_tls"]}
    done = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_disk", {**variables, **shared})
    assert done.ok and done.stats["imageset_summary"]["complete"] is True, done.text
    assert sorted(os.listdir(here / "archives")) == ["mirror_seq1.sha256", "mirror_seq1_000000.tar"]
    assert sorted(os.listdir(here)) == ["archives", "imageset.yaml", "metadata", "workspace"]
    assert below_the_collection() == before

    # The same configuration and more: what is new is told, and a controller has it in small.
    configuration(here / "imageset.yaml", *site.names[:2])
    planned = run(site, "plan", {**variables, "mirror_destination": f"docker://{site.mirror.host}/ocp"})
    assert planned.ok, planned.text
    told = planned.stats["imageset_plan"]["hosts"]["localhost"]
    assert told["difference"]["images_added"] > 0 and told["difference"]["images_removed"] == 0 and not told["difference"]["first"]
    assert told["bytes_to_send"] > 0 and told["text"][0].startswith(
        f"Against the last plan: images {told['difference']['images_added']} new"
    )
    assert told["text"][0] in planned.text and len(str(planned.stats)) < 4000


def test_on_another_host_a_relative_path_is_refused_by_the_name_of_its_variable(tmp_path):
    inventory = tmp_path / "inventory.yml"
    inventory.write_text("all: {hosts: {far: {ansible_host: 192.0.2.1, mirror_destination: 'docker://registry.example.com'}}}")
    variables = {"mirror_hosts": "all", "mirror_config": "imageset.yaml", "mirror_auth_file": "~/auth.json", "mirror_retry_times": "many"}
    refused = play(tmp_path / "play", "disconnected.mirror.mirror_to_mirror", variables, "-i", str(inventory))
    reason = refused.stats["imageset_summary"]["hosts"]["far"]["reason"]
    path = "mirror_config is 'imageset.yaml', which has no meaning on another host. Write an absolute path."
    assert reason == f"{path} mirror_retry_times is 'many'. Give a whole number."
    assert not refused.ok and refused.text.count("argument_spec") == 0


def test_a_missing_variable_is_a_sentence_and_no_specification(tmp_path):
    refused = play(tmp_path / "play", "disconnected.mirror.mirror_to_mirror", {"mirror_config": "/imageset.yaml"})
    reason = refused.stats["imageset_summary"]["hosts"]["localhost"]["reason"]
    assert not refused.ok and re.match(r"mirror_destination is not set: \w.+\.$", reason), reason
    assert "argument_spec" not in refused.text and len(refused.text) < 4000


@pytest.mark.parametrize(
    "role, variables, reason",
    [
        (
            "cluster",
            {"cluster_wait_timeout": "soon", "cluster_default_sources": "none"},
            "cluster_default_sources is 'none'. Allowed are keep, disable, enable. cluster_wait_timeout is 'soon'. Give a whole number.",
        ),
        ("registry", {"registry_port": "many"}, "registry_port is 'many'. Give a whole number."),
    ],
)
def test_every_role_refuses_a_variable_in_one_sentence(role, variables, reason, tmp_path):
    plays = [{"hosts": "localhost", "gather_facts": False, "roles": [f"disconnected.mirror.{role}"]}]
    refused = play(tmp_path / "play", plays, variables)
    printed = refused.text.partition("CUSTOM STATS")[0]
    # From 2.19 on Ansible itself says the reason of every failure before its result as well.
    said = [line for line in printed.splitlines() if reason in line]
    assert not refused.ok and [line.count(reason) for line in said if line.startswith("fatal")] == [1] and len(said) <= 2, printed
    assert "argument_spec" not in printed and len(printed) < 3000
    if role == "cluster":
        assert refused.stats["cluster_result"]["hosts"]["localhost"]["reason"] == reason


def test_a_module_that_refuses_its_options_names_the_variables(tmp_path):
    variables = {
        "mirror_destination": "docker://127.0.0.1:1",
        "mirror_config": "/imageset.yaml",
        "mirror_imageset": {"kind": "ImageSetConfiguration"},
        "mirror_workspace": str(tmp_path / "workspace"),
        "mirror_report": False,
    }
    refused = play(tmp_path / "play", "disconnected.mirror.mirror_to_mirror", variables)
    reason = refused.stats["imageset_summary"]["hosts"]["localhost"]["reason"]
    assert not refused.ok and "mirror_config" in reason and "mirror_imageset" in reason, refused.text
    assert not re.search(r"(?<!mirror_)\b(config|imageset)\b", reason)


def test_on_another_host_paths_in_a_configuration_are_those_beside_it(site, tmp_path):
    if not os.path.exists(ssh_server.PROGRAM):
        pytest.skip("there is no sshd; apt-get install openssh-server, and then make test, brings it")
    there, keys = tmp_path / "there", tmp_path / "keys"
    there.mkdir()
    keys.mkdir()
    configuration(there / "imageset.yaml", site.names[0])
    shared = {"mirror_workspace": f"{there}/workspace", "mirror_archive": f"{there}/archives", "mirror_tls": site.variables()["mirror_tls"]}
    play_of = {
        "hosts": "far",
        "gather_facts": False,
        # What stays on a host stays out of the home of whoever runs this.
        "environment": {"XDG_CACHE_HOME": f"{there}/cache"},
        "tasks": [{"ansible.builtin.import_role": {"name": "disconnected.mirror.mirror", "tasks_from": "mirror_to_disk"}}],
    }
    with ssh_server.SshServer(str(keys)) as server:
        inventory = tmp_path / "inventory"
        more = f"ansible_python_interpreter={sys.executable} ansible_remote_tmp={there}/ansible"
        inventory.write_text(f"far {server.reached(getpass.getuser())} {more}\n")

        def run_there(variables):
            return play(tmp_path / "play", [play_of], {**shared, **variables}, "-i", str(inventory))

        done = run_there({"mirror_config": f"{there}/imageset.yaml"})
        assert done.ok and os.path.isdir(there / "metadata"), done.text
        imageset = yaml.safe_load((there / "imageset.yaml").read_text())
        refused = run_there({"mirror_imageset": imageset})
    reason = refused.stats["imageset_summary"]["hosts"]["far"]["reason"]
    assert reason == (
        "mirror_imageset.storageConfig.local.path is './metadata', which has no meaning on another host. Write an absolute path."
    )
