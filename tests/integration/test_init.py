# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook init: configurations to begin with, in both versions."""

from __future__ import annotations

import os

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

PLAYBOOK = "disconnected.mirror.init"


def test_the_newest_version_is_found_and_what_somebody_wrote_stays(tmp_path):
    conf, written = tmp_path / "registries.conf", tmp_path / "imageset.yaml"
    with FakeRegistry() as registry:
        for tag in ("4.9.1-x86_64", "4.18.3-x86_64", "4.19.0-rc.1-x86_64"):
            images.put(images.image("release"), registry.content, "openshift-release-dev/ocp-release", tag)
        conf.write_text(f'[[registry]]\nprefix = "quay.io"\nlocation = "{registry.host}"\n')
        tls = [{"host": registry.host, "plain_http": True}]
        variables = {"mirror_config": str(written), "mirror_registries_conf": str(conf), "mirror_tls": tls}
        done = play(tmp_path / "play", PLAYBOOK, variables)
        assert done.ok and done.changed == 1, done.text
    imageset = configuration.load(str(written))
    assert [channel.name for channel in imageset.platform.channels] == ["stable-4.18"]
    assert [operator.catalog for operator in imageset.operators] == ["registry.redhat.io/redhat/redhat-operator-index:v4.18"]
    written.write_text("mine")
    again = play(tmp_path / "play", PLAYBOOK, {**variables, "mirror_init_version": "4.18"})
    assert again.ok and again.changed == 0 and written.read_text() == "mine", again.text


def test_the_first_generation_keeps_its_history_where_it_is_told_to(tmp_path):
    written = os.path.join(tmp_path, "imageset.yaml")
    variables = {"mirror_config": written, "mirror_init_version": "4.12", "mirror_init_api": "v1alpha2"}
    done = play(tmp_path / "play", PLAYBOOK, {**variables, "mirror_init_storage": "registry.example.com/mirror/metadata"})
    assert done.ok, done.text
    imageset = configuration.load(written)
    assert imageset.generation.api_version == "mirror.openshift.io/v1alpha2"
    assert imageset.storage.registry.image_url == "registry.example.com/mirror/metadata"
    refused = play(tmp_path / "play", PLAYBOOK, {**variables, "mirror_config": ""})
    assert not refused.ok and "Say in mirror_config" in refused.text
