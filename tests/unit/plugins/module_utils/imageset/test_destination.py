# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import is_path
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import (
    Claim,
    Destination,
    check_collisions,
    directory_of,
    is_directory,
)

LONG = "ocpbugs-11922/mirror-release/gitlab-org/ci-cd/gitlab-runner-ubi-images/gitlab-runner-helper-ocp"


@pytest.mark.parametrize(
    "text, host, namespace",
    [
        ("docker://reg.com", "reg.com", ""),
        ("docker://localhost", "localhost", ""),
        ("docker://reg.com:5000", "reg.com:5000", ""),
        ("docker://localhost:5000", "localhost:5000", ""),
        ("docker://reg.com/foo/bar", "reg.com", "foo/bar"),
        ("docker://reg:5000/foo", "reg:5000", "foo"),
        ("docker://reg.com/foo/", "reg.com", "foo"),
        ("docker://[::1]:5000/foo", "[::1]:5000", "foo"),
        ("docker://127.0.0.1:5000", "127.0.0.1:5000", ""),
    ],
)
def test_destinations(text, host, namespace):
    destination = Destination.parse(text)
    assert (destination.host, destination.namespace) == (host, namespace)
    assert Destination.parse(str(destination)) == destination


@pytest.mark.parametrize(
    "text, reason",
    [
        ("docker://reg", "registry host and namespaces only"),
        ("docker://reg:5000", "registry host and namespaces only"),
        ("docker://reg/foo", "registry host and namespaces only"),
        ("docker://reg/foo/bar", "registry host and namespaces only"),
        ("docker://reg.com/foo/bar:latest", "registry host and namespaces only"),
        ("docker://reg.com/foo@sha256:" + "0" * 64, "registry host and namespaces only"),
        ("docker://reg.com:99999/foo", "registry host and namespaces only"),
        ("docker://user:secret@reg.com/foo", "registry host and namespaces only"),
        ("docker://reg.com/../x", "registry host and namespaces only"),
        ("docker://localhost:5000/disconnectedOCP", "lower case"),
        ("docker://", "not a valid reference"),
        ("://foo", 'unknown destination scheme ""'),
        ("file://foo", 'unknown destination scheme "file"'),
        ("foo", "no scheme delimiter"),
        ("", "no scheme delimiter"),
    ],
)
def test_refused_destinations(text, reason):
    with pytest.raises(InputError) as raised:
        Destination.parse(text)
    assert reason in raised.value.message and "docker://host" in raised.value.advice


@pytest.mark.parametrize("limit", [-1, 1, 2, 3])
def test_the_limit_leaves_room_below_the_namespace(limit):
    with pytest.raises(InputError, match="strictly higher than the number of path components"):
        Destination.parse("docker://reg.com/foo/bar/baz", limit)
    assert Destination.parse("docker://reg.com/foo/bar/baz", 4).max_nested_paths == 4


@pytest.mark.parametrize(
    "limit, expected",
    [
        (0, LONG),
        (6, LONG),
        (9, LONG),
        (1, LONG.replace("/", "-")),
        (2, "ocpbugs-11922/mirror-release-gitlab-org-ci-cd-gitlab-runner-ubi-images-gitlab-runner-helper-ocp"),
        (3, "ocpbugs-11922/mirror-release/gitlab-org-ci-cd-gitlab-runner-ubi-images-gitlab-runner-helper-ocp"),
        (4, "ocpbugs-11922/mirror-release/gitlab-org/ci-cd-gitlab-runner-ubi-images-gitlab-runner-helper-ocp"),
        (5, "ocpbugs-11922/mirror-release/gitlab-org/ci-cd/gitlab-runner-ubi-images-gitlab-runner-helper-ocp"),
    ],
)
def test_nested_paths(limit, expected):
    assert Destination("reg.com", max_nested_paths=limit).repository(LONG) == expected


def test_the_namespace_counts_for_the_limit():
    destination = Destination.parse("docker://reg.com:5000/a/b", 3)
    assert destination.full("openshift/release-images") == "reg.com:5000/a/b/openshift-release-images"
    assert Destination.parse("docker://reg.com:5000").full("openshift/release") == "reg.com:5000/openshift/release"


@pytest.mark.parametrize("path", ["", "A/b", "a//b", "a/b:c", "../x", "a" * 250])
def test_repositories_that_cannot_be(path):
    with pytest.raises(InputError, match="cannot be a repository"):
        Destination("reg.com").repository(path)


def test_collisions_that_the_limit_makes():
    claims = [
        Claim("a/b-c/d", ("v1",), "sha256:1", "x.io/a/b-c/d:v1"),
        Claim("a/b/c-d", ("v1",), "sha256:2", "x.io/a/b/c-d:v1"),
        Claim("a/b/c/d", ("v2",), "sha256:3", "x.io/a/b/c/d:v2"),
        Claim("a/b/c-d", ("v1",), "sha256:2", "y.io/a/b/c-d:v1"),
    ]
    assert check_collisions(claims, Destination("reg.com")) == []
    (error,) = check_collisions(claims, Destination("reg.com", max_nested_paths=2))
    assert "reg.com/a/b-c-d:v1 is the destination of x.io/a/b-c/d:v1 and of x.io/a/b/c-d:v1" in error.message
    assert "max_nested_paths" in error.advice


def test_no_collision_of_ten_thousand_names_is_accepted_silently():
    source = random.Random(19)
    names = {"/".join(source.choice(["a", "b", "a-b", "c", "b-c"]) for _part in range(source.randint(1, 6))) for _name in range(10000)}
    claims = [Claim(name, ("v1",), f"sha256:{number}", name) for number, name in enumerate(sorted(names))]
    for limit in range(5):
        destination = Destination("reg.com", max_nested_paths=limit)
        places = {}
        for claim in claims:
            places.setdefault(destination.repository(claim.path), []).append(claim.name)
        disputed = sorted(place for place, rivals in places.items() if len(rivals) > 1)
        told = [error.message.split(":v1 ")[0].split("/", 1)[1] for error in check_collisions(claims, destination)]
        assert told == disputed and bool(disputed) == bool(limit)


COMPONENT = st.from_regex(r"[a-z0-9]{1,4}([._-][a-z0-9]{1,3})?", fullmatch=True)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(COMPONENT, max_size=2), st.lists(COMPONENT, min_size=1, max_size=8), st.integers(0, 6))
def test_a_placed_repository_obeys_the_limit_and_the_namespace(namespace, path, limit):
    if 0 < limit <= len(namespace):
        return
    destination = Destination.parse("/".join(["docker://reg.com", *namespace]), limit)
    repository = destination.repository("/".join(path))
    assert is_path(repository)
    assert not limit or repository.count("/") < limit
    assert repository.replace("/", "-") == "-".join(namespace + path)
    assert not namespace or repository.startswith("/".join(namespace) + "/")


@pytest.mark.parametrize(
    "text, folder",
    [
        ("file://foo", "foo"),
        ("file://./foo", "foo"),
        ("file://", "."),
        ("file:///srv/archive/", "/srv/archive"),
        ("/srv/archive/", "/srv/archive"),
        ("foo", "foo"),
        ("file://~/foo", "/home/me/foo"),
        ("~/foo", "/home/me/foo"),
    ],
)
def test_directories_of_archives(text, folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert directory_of(text) == folder


@pytest.mark.parametrize("text", ["file:///srv", "/srv", "./archives", "../archives", "~/archives", "."])
def test_what_names_a_directory(text):
    assert is_directory(text)


@pytest.mark.parametrize("text", ["docker://reg.com", "reg.com/ocp", "localhost:5000", ""])
def test_what_names_a_registry(text):
    assert not is_directory(text)


def test_a_place_without_a_scheme_is_told_of_both_kinds():
    with pytest.raises(InputError, match="docker://.*or file:///directory"):
        Destination.parse("archives/next")


@pytest.mark.parametrize("text", ["docker://reg.com", "file://docker://reg.com", "", "file://a\x00b"])
def test_what_is_no_directory(text):
    with pytest.raises(InputError, match="not a"):
        directory_of(text)
