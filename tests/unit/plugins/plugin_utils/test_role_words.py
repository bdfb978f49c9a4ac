# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules say names the variables of the role that uses them."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_specs import all_options
from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_words import in_words_of, renamed, variables_of
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

KNOWN = all_options(os.path.join(ROOT, "roles", "mirror"))
WRITTEN = {
    "destination": "file://{{ __mirror_vars.archive }}",
    "level": "{{ __mirror_given.verify_level | default(omit) }}",
    "workspace": "{{ __mirror_workspace }}",
    "fail": False,
}


def test_variables_are_found_where_they_are_passed_on():
    found = variables_of(WRITTEN, "mirror_", KNOWN)
    assert (found["destination"], found["level"], found["workspace"]) == ("mirror_archive", "mirror_verify_level", "mirror_workspace")
    # What module_defaults pass on has the variable's name without the prefix.
    assert found["tls"] == "mirror_tls" and "fail" not in found
    assert variables_of({"path": "{{ cluster_path or __cluster_written }}"}, "cluster_", ["cluster_path"])["path"] == "cluster_path"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("destination: there is no such directory", "mirror_destination: there is no such directory"),
        ("config is a directory. Set imageset instead.", "mirror_config is a directory. Set mirror_imageset instead."),
        ("The registry may limit names: see max_nested_paths.", "The registry may limit names: see mirror_max_nested_paths."),
        ("see mirror_max_nested_paths", "see mirror_max_nested_paths"),
        ("parameters are mutually exclusive: config|imageset", "parameters are mutually exclusive: mirror_config|mirror_imageset"),
        ("missing required arguments: destination, workspace", "missing required arguments: mirror_destination, mirror_workspace"),
        ("value of check must be one of: a, b, got: c", "value of mirror_check must be one of: a, b, got: c"),
        ("tls[0].ca_path: there is no such file", "mirror_tls[0].ca_path: there is no such file"),
        ("delete_unrecorded deletes them too", "mirror_delete_unrecorded deletes them too"),
    ],
)
def test_options_are_named_as_variables(text, expected):
    assert renamed(variables_of({}, "mirror_", KNOWN), text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The archive is damaged, and its signatures are missing.",
        "quay.io/team/graph_data:1.0 was refused",
        "/srv/mirror/auth_file/config is no file",
        "registry.example.com/archive: 503",
        'The body was {"auth_file": 1}',
    ],
)
def test_plain_words_and_names_of_others_stay(text):
    assert renamed(variables_of({}, "mirror_", KNOWN), text) == text


def test_failures_warnings_and_errors_are_told_in_these_words():
    told = in_words_of(
        {"max_nested_paths": "mirror_max_nested_paths"},
        {
            "msg": "see max_nested_paths",
            "warnings": ["see max_nested_paths"],
            "failures": [{"advice": "see max_nested_paths", "code": "max_nested_paths"}],
            "error": {"message": "see max_nested_paths"},
            "counts": {"max_nested_paths": 1},
        },
    )
    said = "see mirror_max_nested_paths"
    assert told == {
        "msg": said,
        "warnings": [said],
        "failures": [{"advice": said, "code": "max_nested_paths"}],
        "error": {"message": said},
        "counts": {"max_nested_paths": 1},
    }
