# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, OCI, Reference, is_path, parse

V1, V2 = Generation.V1, Generation.V2
A = "sha256:" + "a" * 64
B = "sha512:" + "b" * 128


@pytest.mark.parametrize(
    "text, expected",
    [
        ("registry.redhat.io/ubi8/ubi:latest", Reference(DOCKER, "registry.redhat.io", "ubi8/ubi", "latest")),
        ("docker://registry.redhat.io/ubi8/ubi:latest", Reference(DOCKER, "registry.redhat.io", "ubi8/ubi", "latest")),
        (f"registry.redhat.io/ubi8/ubi:latest@{A}", Reference(DOCKER, "registry.redhat.io", "ubi8/ubi", "latest", A)),
        (f"localhost:5000/ubi8/ubi@{A}", Reference(DOCKER, "localhost:5000", "ubi8/ubi", "", A)),
        ("oci:///tmp/ubi8/ubi", Reference(OCI, "", "/tmp/ubi8/ubi")),
        ("oci://ubi8/ubi", Reference(OCI, "", "ubi8/ubi")),
        ("oci:///tmp/a:b/ubi", Reference(OCI, "", "/tmp/a:b/ubi")),
        ("oci:///tmp/ubi:v1", Reference(OCI, "", "/tmp/ubi", "v1")),
        # A short name means what container runtimes mean by it; its destination path stays as written.
        ("abcde:latest", Reference(DOCKER, "docker.io", "abcde", "latest")),
        ("library/nginx:1", Reference(DOCKER, "docker.io", "library/nginx", "1")),
        ("index.docker.io/library/nginx:1", Reference(DOCKER, "docker.io", "library/nginx", "1")),
        ("myhost/team/app:1", Reference(DOCKER, "docker.io", "myhost/team/app", "1")),
        ("[::1]:5000/a:b", Reference(DOCKER, "[::1]:5000", "a", "b")),
        ("Registry.Example.COM/a__b/c.d-e:T", Reference(DOCKER, "Registry.Example.COM", "a__b/c.d-e", "T")),
    ],
)
def test_v2_references(text, expected):
    assert parse(text, V2) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("registry.com/ns/name:v1", Reference(DOCKER, "registry.com", "ns/name", "v1")),
        ("nginx", Reference(DOCKER, "docker.io", "library/nginx", "latest")),
        ("nginx:1", Reference(DOCKER, "docker.io", "library/nginx", "1")),
        ("docker.io/nginx", Reference(DOCKER, "docker.io", "library/nginx", "latest")),
        ("team/app", Reference(DOCKER, "docker.io", "team/app", "latest")),
        ("localhost/app", Reference(DOCKER, "localhost", "app", "latest")),
        ("reg:5000/ns/deep/er:1", Reference(DOCKER, "reg:5000", "ns/deep/er", "1")),
        ("reg:5000", Reference(DOCKER, "docker.io", "library/reg", "5000")),
        (f"quay.io/a/b@{A}", Reference(DOCKER, "quay.io", "a/b", "", A)),
        (f"quay.io/a/b:t@{B}", Reference(DOCKER, "quay.io", "a/b", "t", B)),
        ("oci:///home/catalog", Reference(OCI, "", "/home/catalog")),
    ],
)
def test_v1_references(text, expected):
    assert parse(text, V1) == expected


@pytest.mark.parametrize("generation", [V1, V2])
@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "empty"),
        (None, "not text"),
        (4.5, "not text"),
        ("quay.io/", "no repository"),
        ("quay.io/:tag", "no repository"),
        ("quay.io", "registry"),
        ("localhost", "registry"),
        (":latest", "no repository"),
        ("@" + A, "no repository"),
        ("reg/x@sha256:short", "invalid digest"),
        (f"reg.io/x@{A}@{A}", "invalid digest"),
        ("reg.io/x@md5:" + "0" * 32, "invalid digest"),
        ("quay.io/Upper/Case:1", "lower case"),
        ("quay.io/a//b:1", "not a repository name"),
        ("quay.io//a:1", "not a repository name"),
        ("quay.io/a/:1", "not a repository name"),
        ("quay.io/a_-b:1", "not a repository name"),
        ("quay.io/a...b:1", "not a repository name"),
        ("quay.io/a___b:1", "not a repository name"),
        ("quay.io/../etc/passwd:1", "not a repository name"),
        ("quay.io/a:", "not a tag"),
        ("quay.io/a:.x", "not a tag"),
        ("quay.io/a:" + "x" * 129, "not a tag"),
        ("quay.io:99999/a:1", "host[:port]"),
        ("quay.io:port/a:1", "host[:port]"),
        ("-quay.io/a:1", "host[:port]"),
        ("quay.io/a:1\n", "blanks or control"),
        (" quay.io/a:1", "blanks or control"),
        ("quay.io/a\x00:1", "blanks or control"),
        ("s3://bucket/a:1", "transport s3://"),
        ("https://quay.io/a:1", "transport https://"),
        ("docker://", "no repository"),
        ("oci://", "no repository"),
        ("quay.io/" + "a/" * 130 + "b:1", "longer than 255"),
        ("a" * 5000, "too long"),
    ],
)
def test_refused_references_say_why(text, reason, generation):
    with pytest.raises(InputError) as raised:
        parse(text, generation)
    assert reason in raised.value.message
    assert raised.value.advice


def test_v2_needs_a_tag_or_a_digest():
    with pytest.raises(InputError, match="tag and digest are empty"):
        parse("quay.io/a/b", V2)
    with pytest.raises(InputError, match="tag and digest are empty"):
        parse("whatever", V2)


def test_what_a_hub_name_is_for_registries_and_for_the_destination():
    reference = parse("nginx:1.16.0", V2)
    assert reference.path == "nginx"
    assert reference.repository == "docker.io/library/nginx"
    assert str(reference) == "docker.io/library/nginx:1.16.0"


@pytest.mark.parametrize("text", ["a", "a/b", "a-b/c__d/e.f", "a--b"])
def test_paths(text):
    assert is_path(text)


@pytest.mark.parametrize("text", ["", "/a", "a/", "A", "a:b", "a@b", "-a", "a.", "a$b", "a/b\n", None, "a" * 256])
def test_not_paths(text):
    assert not is_path(text)


HOSTS = ["quay.io", "localhost", "localhost:5000", "reg:5000", "10.0.0.1:8443", "[fe80::1]:5000", "registry.access.example-corp.com"]
PATHS = ["a", "a/b", "openshift-release-dev/ocp-v4.0-art-dev", "a/b/c/d/e/f", "x__y/z.w", "a-b--c/d_e", "0/1"]
SELECTORS = [":latest", ":v1.2.3-0", f"@{A}", f"@{B}", f":4.16@{A}", ":_x", ":" + "t" * 128]
CORPUS = ["".join((host, "/", path, selector)) for host, path, selector in itertools.product(HOSTS, PATHS, SELECTORS)]


def test_a_corpus_survives_the_round_trip():
    assert len(CORPUS) >= 300
    for text in CORPUS:
        for generation in Generation:
            reference = parse(text, generation)
            assert str(reference) == text
            assert parse("docker://" + text, generation) == reference
            assert reference.selector in text and reference.repository in text


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text):
    for generation in Generation:
        try:
            reference = parse(text, generation)
        except InputError as error:
            assert error.advice
        else:
            assert str(parse(str(reference), generation)) == str(reference)


def test_noise_made_of_reference_characters_never_crashes():
    source = random.Random(34)
    pieces = ["/", ":", "@", ".", "-", "_", "a", "B", "0", "sha256", "oci://", "docker://", "localhost", "[", "]", A, "\x00", "%", "é"]
    accepted = 0
    for _round in range(20000):
        text = "".join(source.choice(pieces) for _piece in range(source.randint(0, 9)))
        with contextlib.suppress(InputError):
            accepted += bool(str(parse(text, source.choice((V1, V2)))))
    assert 0 < accepted < 20000
