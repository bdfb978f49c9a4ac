# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a play failed is said once, by the last thing that is printed before the recap, whatever callback prints it."""

from __future__ import annotations

import re

import pytest

from ansible_collections.disconnected.mirror.tests.fakes import playbook

IMAGESET = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
# How the result of a task that failed begins.
_FAILED = re.compile(r"^(?:fatal: \[localhost\]:|localhost \|) FAILED! =>", re.M)


@pytest.mark.parametrize(
    "callback, form, failing", [("default", "json", "mirroring"), ("default", "yaml", "planning"), ("minimal", "json", "mirroring")]
)
def test_the_reason_is_said_once_and_last(site, monkeypatch, callback, form, failing):
    own = playbook.environment
    settings = {"ANSIBLE_STDOUT_CALLBACK": callback, "ANSIBLE_CALLBACK_RESULT_FORMAT": form}
    monkeypatch.setattr(playbook, "environment", lambda folder: {**own(folder), **settings})
    names = [site.names[0], f"{site.source.host}/nowhere/absent:1"]
    variables = {
        "mirror_imageset": {**IMAGESET, "mirror": {"additionalImages": [{"name": name} for name in names]}},
        "mirror_destination": f"docker://{'127.0.0.1:1' if failing == 'planning' else site.mirror.host}/once",
        "mirror_workspace": f"{site.folder}/once-{callback}-{form}-{failing}",
        "mirror_tls": [{"host": "*", "plain_http": True}],
        "mirror_retry_times": 0,
    }
    refused = playbook.play(f"{site.folder}/play-once", "disconnected.mirror.mirror_to_mirror", variables)
    reason = "no answer from http://127.0.0.1:1" if failing == "planning" else "nowhere/absent:1"
    printed = refused.text.partition("PLAY RECAP")[0].partition("CUSTOM STATS")[0]
    results = list(_FAILED.finditer(printed))
    assert not refused.ok and len(results) == 1, printed
    last = printed[results[0].start() :]
    assert reason in last and not re.search(r"^TASK|\| (?:SUCCESS|CHANGED)", last, re.M), printed
    if callback == "default":
        # From 2.19 on Ansible itself says why a task failed before the result of the task, with that task's line.
        said = [line for line in printed.splitlines() if reason in line]
        assert len([line for line in said if not line.startswith("[ERROR]: Task failed")]) == 1, said
        assert len(said) <= 2, said
    if (callback, failing) == ("default", "mirroring"):
        assert refused.stats["imageset_summary"]["hosts"]["localhost"]["outcome"] == "incomplete"
