# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations of others: what they accept loads, what they refuse is refused with the reason that the data's own table gives."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import load, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.problems import ConfigurationError
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

DATA = os.path.join(SHARED_DATA, "imagesets")


def files_below(folder):
    found = [os.path.join(place, name) for place, _folders, names in os.walk(os.path.join(DATA, folder)) for name in names]
    return sorted(os.path.relpath(path, DATA) for path in found if path.endswith(".yaml"))


pytestmark = [pytest.mark.needs_data, pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data/imagesets is not here")]


@pytest.mark.parametrize("name", files_below("valid"))
def test_accepted_configurations_load_and_keep_their_meaning(name):
    imageset = load(os.path.join(DATA, name))
    assert parse(imageset.document()) == imageset


REFUSED = {
    "archive-size-string.yaml": ("E-TYPE", 3, "archiveSize", "four"),
    "blocked-image-bad-regex.yaml": ("CFG-38", 5, "mirror.blockedImages[0].name", 'blocked image "[invalid": invalid regular expression'),
    "channel-name-with-callout.yaml": ("CFG-43", 9, "mirror.platform.channels[0].name", "stable-4.13 1"),
    "channel-version-not-semver.yaml": (
        "CFG-36",
        10,
        "mirror.operators[0].packages[0].channels[0].minVersion",
        'channel "fast": minVersion "-+?" must respect semantic versioning notation',
    ),
    "delete-missing-delete-stanza.yaml": ("E-DELETE", 1, "delete", "delete is missing"),
    "delete-with-mirror-stanza.yaml": ("E-XSTANZA", 6, "mirror", "mirror: is not allowed in DeleteImageSetConfiguration"),
    "duplicate-catalog.yaml": (
        "CFG-31",
        6,
        "mirror.operators[1]",
        'catalog "registry.redhat.io/redhat/redhat-operator-index:v4.14": duplicate found in configuration',
    ),
    "duplicate-channel-in-package.yaml": (
        "CFG-35",
        11,
        "mirror.operators[0].packages[0].channels[1]",
        'operator "package1": duplicate channel entry "channel1"',
    ),
    "duplicate-package.yaml": ("CFG-34", 8, "mirror.operators[0].packages[1]", 'duplicate package entry "package1"'),
    "duplicate-release-channel.yaml": (
        "CFG-30",
        7,
        "mirror.platform.channels[1]",
        'release channel "stable-4.14": duplicate found in configuration',
    ),
    "duplicate-yaml-key.yaml": ("E-DUPKEY", 6, "mirror", "lines 3 and 6"),
    "mirror-and-delete.yaml": ("E-XSTANZA", 6, "delete", "delete: is not allowed in ImageSetConfiguration"),
    "missing-kind.yaml": ("E-KIND", 1, "kind", "kind is missing"),
    "missing-mirror.yaml": ("E-MIRROR", 1, "mirror", "mirror is missing"),
    "mixed-package-and-channel-versions.yaml": (
        "CFG-37",
        7,
        "mirror.operators[0].packages[0]",
        "mixing both filtering by minVersion/maxVersion and filtering by channel minVersion/maxVersion is not allowed",
    ),
    "package-version-not-semver.yaml": (
        "CFG-36",
        9,
        "mirror.operators[0].packages[0].maxVersion",
        'maxVersion "abc" must respect semantic versioning notation',
    ),
    "platforms-and-architectures.yaml": (
        "CFG-39",
        6,
        "mirror.platform.platforms",
        "platform.platforms and platform.architectures cannot be used together",
    ),
    "release-channel-bad-type.yaml": ("CFG-44", 7, "mirror.platform.channels[0].type", "rhcos"),
    "storage-config-in-v2.yaml": ("E-UNKNOWN", 3, "storageConfig", 'unknown field "storageConfig"'),
    "target-catalog-with-digest.yaml": (
        "CFG-33",
        6,
        "mirror.operators[0].targetCatalog",
        '"a/b/test@sha256:45df874": it should not contain a tag or digest',
    ),
    "target-catalog-with-tag.yaml": (
        "CFG-33",
        6,
        "mirror.operators[0].targetCatalog",
        '"my-namespace/my-catalog:v1.3": it should not contain a tag or digest',
    ),
    "unknown-key-under-mirror.yaml": ("E-UNKNOWN", 4, "mirror.foo", 'unknown field "foo"'),
    "v1-unit-api-valid.yaml": ("E-GVK", 2, "apiVersion", "v1alpha1"),
    "v2-it-sparse_manifest-isc-platforms-and-archs.yaml": (
        "CFG-39",
        10,
        "mirror.platform.platforms",
        "platform.platforms and platform.architectures cannot be used together",
    ),
    "wrong-kind.yaml": ("E-GVK", 2, "kind", '"ImageSet"'),
}


@pytest.mark.parametrize("path", files_below("invalid"))
def test_refused_configurations_say_what_is_wrong_and_where(path):
    name = os.path.basename(path)
    with pytest.raises(InputError) as raised:
        load(os.path.join(DATA, path))
    if name == "not-yaml.yaml":
        assert "line 5" in str(raised.value) and "not YAML" in str(raised.value)
        return
    rule, line, key, words = REFUSED[name]
    assert isinstance(raised.value, ConfigurationError)
    first = raised.value.problems[0]
    assert (first.rule, first.line, first.path) == (rule, line, key)
    assert words in str(raised.value)
    assert {problem.rule for problem in raised.value.problems} == {rule}
