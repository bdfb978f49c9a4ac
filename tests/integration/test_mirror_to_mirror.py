# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook mirror_to_mirror between two real registries."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from ansible_collections.disconnected.mirror.extensions.demo import prove
from ansible_collections.disconnected.mirror.extensions.demo.fill import push
from ansible_collections.disconnected.mirror.extensions.demo.images import mirrored
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes.faults import Pending
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play, tasks
from ansible_collections.disconnected.mirror.tests.fakes.processes import require
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

# Seconds after which a test gives up.
PATIENCE = 120


def last_run(site):
    with open(os.path.join(site.workspace, "last-run.json"), encoding="utf-8") as file:
        return json.load(file)


def test_check_mode_predicts_the_run_writes_nothing_and_the_second_run_has_nothing_to_do(site):
    require("skopeo")
    variables = site.variables()
    storage = site.tree(site.mirror.storage)
    predicted = site.run(variables, "--check", "--diff")
    assert predicted.ok, predicted.text
    assert site.tree(site.mirror.storage) == storage and not os.path.exists(site.workspace)
    expected = [line for line in predicted.text.splitlines() if line.startswith("+ocp/")]
    assert len(expected) == len(mirrored(site.images)) + 2

    done = site.run(variables, "--diff")
    assert done.ok, done.text
    assert [line for line in done.text.splitlines() if line.startswith("+ocp/")] == expected
    for image in mirrored(site.images):
        assert site.mirrored_digest(image.repository, image.tag) == image.digest

    site.source.settle()
    site.mirror.settle()
    before, read, asked = site.tree(site.workspace), len(site.source.requests("GET", "/blobs/")), len(site.mirror.requests())
    again = site.run(variables)
    assert again.ok and again.changed == 0, again.text
    # The resources come with the report, for a further module costs more than what it does.
    assert re.search(r"TASK \[[^]]*Write the report page, unless[^]]*\] \*+\nskipping", again.text), again.text
    site.source.settle()
    site.mirror.settle()
    assert len(site.source.requests("GET", "/blobs/")) == read
    assert len(site.mirror.requests()) - asked <= len(expected)
    # The report notes every run, this one as well.
    with open(os.path.join(site.workspace, "results", "report.json"), encoding="utf-8") as file:
        assert [run["changed"] for run in json.load(file)["history"]] == [True, False]
    volatile = ("status.json", "last-run.json", "lock.guard", "runs.json", "results/report")
    after = site.tree(site.workspace)
    assert all(name.startswith(volatile) for name in before if before[name] != after.get(name)) and set(after) == set(before)

    site.source.stop()
    results = os.path.join(site.workspace, "results")
    conf = os.path.join(site.folder, "registries.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(prove.registries_conf(os.path.join(results, "cluster-resources")))
    for number, image in enumerate(prove.images(os.path.join(results, "plan.json"))):
        assert prove.pull(image["origin"], conf, os.path.join(site.folder, f"pulled-{number}")) == image["digest"]


# With a file system that cannot be written but below a directory.
READ_ONLY = """
mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / || exit 77
if touch /written-by-a-test 2>/dev/null; then rm -f /written-by-a-test; exit 77; fi
exec "$@"
"""


def test_a_read_only_root_and_no_home_are_enough(site, monkeypatch):
    within = ["unshare", "--mount", "--map-root-user", "sh", "-c", READ_ONLY, site.folder]
    if not shutil.which("unshare") or subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        pytest.skip("nobody may make a mount namespace here; run it as root, on a machine and not in a container")
    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    monkeypatch.setenv("TMPDIR", site.folder)
    variables = {**site.variables(*site.names[:2]), "ansible_remote_tmp": os.path.join(site.folder, "tmp")}
    for options in (["--check"], [], []):
        done = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_mirror", variables, *options, within=within)
        assert done.ok, done.text
    assert done.changed == 0 and os.path.exists(os.path.join(site.workspace, "results", "report.html"))


def test_one_missing_image_fails_the_play_and_nothing_else(site):
    gone = f"{site.source.host}/team/gone:1.0"
    variables = site.variables(site.names[0], gone)
    run = site.run(variables)
    assert not run.ok
    assert gone in run.text and "1 could not be planned" in run.text and "Traceback" not in run.text
    assert site.mirrored_digest("apps/portal", "1.0") == site.images[0].digest
    assert [failure["subject"] for failure in last_run(site)["failures"]] == [gone]
    assert not os.path.exists(os.path.join(site.workspace, "results", "cluster-resources"))
    with open(os.path.join(site.workspace, "results", "report.html"), encoding="utf-8") as file:
        assert gone in file.read()
    assert gone in run.text[run.text.index("Fail with that reason") :]

    allowed = site.run({**variables, "mirror_allow_failures": ["*/team/gone*"]})
    assert allowed.ok, allowed.text
    assert os.path.exists(os.path.join(site.workspace, "results", "cluster-resources"))


def test_a_corrupt_layer_keeps_its_image_from_appearing(site):
    victim = site.images[2]
    service = victim.manifests[0].blobs[-1].digest
    path = os.path.join(site.source.storage, "docker", "registry", "v2", "blobs", "sha256", service[7:9], service[7:], "data")
    with open(path, "r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    run = site.run(site.variables())
    assert not run.ok
    failures = last_run(site)["failures"]
    assert {failure["code"] for failure in failures} == {"corrupt_content"} and service in failures[0]["message"]
    assert {failure["subject"] for failure in failures} == {f"{site.source.host}/{victim.repository}:{victim.tag}"}
    assert site.mirrored_digest(victim.repository, victim.tag) == ""
    for image in mirrored(site.images):
        if image is not victim:
            assert site.mirrored_digest(image.repository, image.tag) == image.digest


@pytest.mark.parametrize(
    "change, message",
    [
        (
            {"mirror_imageset": {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"images": []}}},
            "images",
        ),
        ({"mirror_config": "/no/such/file.yaml", "mirror_imageset": {}}, "there is no configuration at /no/such/file.yaml"),
        ({"mirror_destination": "registry.example.com"}, "no scheme delimiter"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(site, change, message):
    run = site.run({**site.variables(), **change})
    assert not run.ok
    assert message in run.text and "Traceback" not in run.text
    assert not site.mirror.requests("PUT")


def test_secrets_appear_nowhere(site):
    canary = "canary-4b1d-password"
    variables = site.variables(
        site.names[0],
        mirror_credentials=[{"registry": site.source.host, "username": "reader", "password": canary}],
        mirror_pull_secret={"auths": {"registry.example.com": {"auth": "dXNlcjpjYW5hcnktc2VjcmV0"}}},
    )
    run = site.run(variables, "-vvvv")
    assert run.ok, run.text
    printed = run.text
    for path in site.tree(site.workspace):
        full = os.path.join(site.workspace, path)
        if os.path.isfile(full):
            with open(full, encoding="utf-8", errors="replace") as file:
                printed += file.read()
    for secret in (canary, "dXNlcjpjYW5hcnktc2VjcmV0", "canary-secret"):
        assert secret not in printed


@pytest.fixture
def slow_source(site):
    """The same images in a registry that answers requests for blobs from the fourth on when it is let go on only."""
    with FakeRegistry() as registry:
        store = RegistryStore(registry.host, Http(Settings.of({"plain_http": True})), writing=True)
        for image in site.images:
            push(image, store)
        store.close()
        registry.faults = Pending("GET", "blob", 3)
        site.source = registry
        yield registry
        registry.faults.go_on.set()


def test_a_cancelled_play_stops_the_job_and_the_next_one_goes_on(site, slow_source):
    def cancel(process):
        assert slow_source.faults.reached.wait(PATIENCE)
        os.killpg(process.pid, signal.SIGINT)

    interrupted = site.run(site.variables(), meanwhile=cancel)
    assert not interrupted.ok
    lock = os.path.join(site.workspace, "lock")
    deadline = time.monotonic() + PATIENCE
    while os.path.exists(lock) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not os.path.exists(lock)
    slow_source.faults.go_on.set()
    run = site.run(site.variables())
    assert run.ok, run.text
    for image in mirrored(site.images):
        assert site.mirrored_digest(image.repository, image.tag) == image.digest


def test_the_module_runs_without_the_playbook_plain_and_as_a_job(site):
    variables = site.variables()
    shared = {"workspace": site.workspace, "tls": variables["mirror_tls"]}
    arguments = {**shared, "imageset": variables["mirror_imageset"], "destination": variables["mirror_destination"]}
    plain = {"name": "Plain", "disconnected.mirror.image_mirror": {**arguments, "progress": False}, "register": "plain"}
    job = {"name": "Job", "disconnected.mirror.image_mirror": arguments, "async": 100, "poll": 1, "register": "job"}
    check = {
        "name": "Check",
        "ansible.builtin.assert": {
            "that": ["plain is changed", "job is not changed", "job.counts.images_present == plain.counts.images_total"]
        },
    }
    # Without it, starter and poller of a job disagree where HOME is not that of the user.
    directory = {"ansible_async_dir": os.path.join(site.folder, "jobs")}
    run = play(os.path.join(site.folder, "play"), tasks(plain, job, check), directory)
    assert run.ok, run.text


def test_a_cold_check_asks_the_source_as_often_as_one_plan(site):
    variables = {**site.variables(), "mirror_parallel_images": 1}
    asked = {"mirror_workspace": f"{site.folder}/other", "mirror_explain": [site.names[0], "quay.io/nobody/knows:1"]}
    planned = play(os.path.join(site.folder, "play"), "disconnected.mirror.plan", {**variables, **asked})
    assert f"{site.names[0]} is mirrored to" in planned.text and "No part of the configuration names" in planned.text, planned.text
    assert planned.ok, planned.text
    site.source.settle()
    once = len(site.source.requests())
    checked = site.run({**variables, "mirror_prune": True}, "--check")
    assert checked.ok, checked.text
    site.source.settle()
    assert len(site.source.requests()) - once <= 1.05 * once
    assert not os.path.exists(site.workspace)


def test_a_limit_that_refuses_to_prune_costs_nothing_else(site):
    assert site.run(site.variables()).ok
    for name in ("cluster-resources", "report.html"):
        path = os.path.join(site.workspace, "results", name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    refused = site.run(site.variables(site.names[0], mirror_prune=True, mirror_max_deletions=1))
    assert not refused.ok and "max_deletions" in refused.text[refused.text.index("Fail with that reason") :], refused.text
    assert os.listdir(os.path.join(site.workspace, "results", "cluster-resources"))
    assert os.path.exists(os.path.join(site.workspace, "results", "report.html"))


def test_what_a_source_lacks_is_told_although_the_mirror_refuses_too(site):
    gone = f"{site.source.host}/team/gone:1.0"
    site.mirror.stop()
    site.mirror.extra = {"storage": {"maintenance": {"readonly": {"enabled": True}}}}
    site.mirror.start()
    run = site.run(site.variables(site.names[0], gone, mirror_retry_times=0))
    told = run.text[run.text.index("Fail with that reason") :]
    assert not run.ok and site.mirror.host in told and gone in told, run.text


def test_that_the_mirror_is_gone_is_noticed_before_anything_is_planned(site):
    site.mirror.stop()
    site.source.settle()
    before = len(site.source.requests())
    run = site.run(site.variables())
    assert not run.ok and f"no answer from http://{site.mirror.host}" in run.text, run.text
    assert len(site.source.requests()) == before


def test_a_mirror_is_made_from_a_mirror_by_the_plan_that_it_keeps(site):
    """One variable says where everything is; there is neither a configuration nor a source."""
    assert site.run(site.variables()).ok
    site.source.stop()
    variables = {
        **site.variables(),
        "mirror_imageset": {},
        "mirror_source_mirror": f"docker://{site.mirror.host}/ocp",
        "mirror_workspace": os.path.join(site.folder, "inner"),
        "mirror_destination": f"docker://{site.mirror.host}/inner",
    }
    done = site.run(variables)
    assert done.ok, done.text
    store = RegistryStore(site.mirror.host, Http(Settings.of({"plain_http": True})))
    for image in mirrored(site.images):
        assert store.find_manifest(f"inner/{image.repository}", image.tag).digest == site.mirrored_digest(image.repository, image.tag)
    store.close()
    again = site.run(variables)
    assert again.ok and again.changed == 0, again.text
    assert os.path.exists(os.path.join(site.folder, "inner", "results", "cluster-resources"))
    lost = site.run({**variables, "mirror_source_mirror": f"docker://{site.mirror.host}/nothing"})
    assert not lost.ok and "keeps no plan" in lost.text and "Traceback" not in lost.text
