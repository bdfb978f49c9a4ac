# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""registries.conf: which places are asked for a reference, in which order."""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, MirrorError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.notice import Notice
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.http import registries_conf
from ansible_collections.disconnected.mirror.plugins.module_utils.http.registries_conf import RegistriesConf, Route, registries_of

DIGEST = "sha256:" + "a" * 64


def tagged(domain, path, tag="1"):
    return Reference("docker", domain, path, tag)


def pinned(domain, path, tag=""):
    return Reference("docker", domain, path, tag, DIGEST)


@pytest.fixture
def conf(tmp_path):
    def build(text, **drop_ins):
        path = tmp_path / "registries.conf"
        path.write_text(text, encoding="utf-8")
        for name, content in drop_ins.items():
            folder = tmp_path / "registries.conf.d"
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.conf").write_text(content, encoding="utf-8")
        return RegistriesConf.of(str(path))

    return build


def places(routes):
    return [f"{route.host}/{route.repository}" for route in routes]


def test_a_reference_without_an_entry_goes_where_it_says(conf):
    assert conf("").routes(tagged("quay.io", "a/b")) == (Route("quay.io", "a/b"),)


def test_mirrors_come_first_and_names_are_rewritten(conf):
    found = conf("""
        [[registry]]
        prefix = "quay.io/team"
        location = "inner.example.com:5000/quay"
        insecure = true
        [[registry.mirror]]
        location = "first.example.com/x"
        [[registry.mirror]]
        location = "second.example.com/y"
        insecure = true
        """)
    assert found.routes(tagged("quay.io", "team/app")) == (
        Route("first.example.com", "x/app", False, True),
        Route("second.example.com", "y/app", True, True),
        Route("inner.example.com:5000", "quay/app", True, True),
    )
    assert places(found.routes(tagged("quay.io", "teams/app"))) == ["quay.io/teams/app"]
    assert places(found.routes(tagged("quay.io", "team"))) == ["first.example.com/x", "second.example.com/y", "inner.example.com:5000/quay"]


def test_the_longest_prefix_decides(conf):
    found = conf(
        '[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "short.example.com"\n'
        '[[registry]]\nprefix = "quay.io/a/b"\nlocation = "long.example.com/c"\n'
    )
    assert places(found.routes(tagged("quay.io", "a/b"))) == ["long.example.com/c"]
    assert places(found.routes(tagged("quay.io", "a/bb"))) == ["short.example.com/a/bb", "quay.io/a/bb"]


@pytest.mark.parametrize(
    ("domain", "path", "expected"),
    [
        ("a.example.com", "x", "mirror.test/x"),
        ("a.b.example.com", "x/y", "mirror.test/x/y"),
        ("example.com", "x", "example.com/x"),
        ("badexample.com", "x", "badexample.com/x"),
        ("a.example.com:5000", "x", "a.example.com:5000/x"),
    ],
)
def test_a_wildcard_stands_for_subdomains(conf, domain, path, expected):
    found = conf('[[registry]]\nprefix = "*.example.com"\nlocation = "mirror.test"\n')
    assert places(found.routes(tagged(domain, path))) == [expected]


def test_a_wildcard_without_location_keeps_the_name_and_may_have_a_path(conf):
    found = conf('[[registry]]\nprefix = "*.example.com/ns"\n[[registry.mirror]]\nlocation = "m.test/z"\n')
    assert places(found.routes(tagged("a.example.com", "ns/app"))) == ["m.test/z/app", "a.example.com/ns/app"]
    assert places(found.routes(tagged("a.example.com", "nsx/app"))) == ["a.example.com/nsx/app"]


def test_a_port_is_no_part_of_a_host_without_one(conf):
    found = conf('[[registry]]\nlocation = "example.com"\nblocked = true\n')
    assert places(found.routes(tagged("example.com:5000", "x"))) == ["example.com:5000/x"]


_PULL = """
[[registry]]
location = "quay.io"
{by_digest}
[[registry.mirror]]
location = "m.test"
{pull}
"""


@pytest.mark.parametrize(
    ("by_digest", "pull", "for_tags", "for_digests"),
    [
        ("", "", True, True),
        ("", 'pull-from-mirror = "all"', True, True),
        ("", 'pull-from-mirror = "digest-only"', False, True),
        ("", 'pull-from-mirror = "tag-only"', True, False),
        ("mirror-by-digest-only = true", "", False, True),
        ("mirror-by-digest-only = false", 'pull-from-mirror = "tag-only"', True, False),
    ],
)
def test_mirrors_serve_tags_or_digests_as_told(conf, by_digest, pull, for_tags, for_digests):
    found = conf(_PULL.format(by_digest=by_digest, pull=pull))
    assert ("m.test/x" in places(found.routes(tagged("quay.io", "x")))) == for_tags
    for reference in (pinned("quay.io", "x"), pinned("quay.io", "x", "1")):
        assert ("m.test/x" in places(found.routes(reference))) == for_digests


def test_a_blocked_registry_is_refused_but_its_mirrors_are_asked(conf):
    found = conf(
        '[[registry]]\nlocation = "quay.io"\nblocked = true\n'
        '[[registry]]\nprefix = "quay.io/ours"\nlocation = "quay.io/ours"\nblocked = true\n'
        '[[registry.mirror]]\nlocation = "m.test"\npull-from-mirror = "digest-only"\n'
        '[[registry.mirror]]\nlocation = "quay.io/other"\n'
    )
    with pytest.raises(AccessDenied, match="quay.io is blocked in .*registries.conf"):
        found.routes(tagged("quay.io", "x"))
    assert places(found.routes(pinned("quay.io", "ours/x"))) == ["m.test/x"]
    with pytest.raises(AccessDenied, match="blocked"):
        found.routes(tagged("quay.io", "ours/x"))


@pytest.mark.parametrize("domain", ["docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_has_one_name_and_a_library(conf, domain):
    found = conf('[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m.test/hub"\n')
    assert places(found.routes(tagged(domain, "nginx"))) == ["m.test/hub/library/nginx", "docker.io/library/nginx"]
    assert places(found.routes(tagged(domain, "team/app"))) == ["m.test/hub/team/app", "docker.io/team/app"]


def test_drop_in_files_add_and_replace_in_their_order(conf):
    entry = '[[registry]]\nprefix = "quay.io"\nlocation = "{0}.test"\n'
    found = conf(
        entry.format("main") + '[[registry]]\nlocation = "kept.io"\ninsecure = true\n',
        b=entry.format("b"),
        a=entry.format("a") + '[[registry]]\nlocation = "added.io"\nblocked = true\n',
    )
    assert places(found.routes(tagged("quay.io", "x"))) == ["b.test/x"]
    assert found.routes(tagged("kept.io", "x"))[0].insecure
    with pytest.raises(AccessDenied):
        found.routes(tagged("added.io", "x"))


def test_short_names_are_refused(conf):
    with pytest.raises(InputError, match="names no registry"):
        conf('unqualified-search-registries = ["docker.io"]').routes(tagged("", "nginx"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[registries.search]\nregistries = ['docker.io']", "version 1"),
        ("[[registry]]\nlocation = 'a.io'\n[[registry.mirror]]", "mirror 1: it has no location"),
        ("[[registry]]\ninsecure = true", "neither prefix nor location"),
        ("[[registry]]\nlocation = 'https://a.io'", "without scheme"),
        ("[[registry]]\nlocation = 7", "not text"),
        ("[[registry]]\nlocation = 'a.io'\nblocked = 'yes'", "neither true nor false"),
        ("[[registry]]\nprefix = 'a.*.io'\nlocation = 'b.io'", "whole subdomains"),
        ("[[registry]]\nlocation = 'a.io/x:1'", "names a tag"),
        (_PULL.format(by_digest="", pull="pull-from-mirror = 'sometimes'"), "all, digest-only or tag-only"),
        (_PULL.format(by_digest="mirror-by-digest-only = true", pull="pull-from-mirror = 'all'"), "cannot be combined with"),
        ("[[registry]]\nlocation = 'a.io'\n[[registry]]\nlocation = 'a.io'\nblocked = true", "there twice"),
        ("registry = 'a'", "not a list of tables"),
        ("[[registry", "not TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(conf, text, reason):
    with pytest.raises(InputError, match=reason) as caught:
        conf(text)
    assert "registries.conf" in str(caught.value)


def test_files_are_found_as_podman_finds_them(tmp_path, monkeypatch):
    system, home = tmp_path / "etc", tmp_path / "home"
    monkeypatch.setattr(registries_conf, "_SYSTEM", str(system))
    environ = {"HOME": str(home)}
    assert RegistriesConf.of(environ=environ) == RegistriesConf()

    def write(path, location):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'[[registry]]\nprefix = "{path.name[0]}.io"\nlocation = "{location}"\n', encoding="utf-8")

    write(system / "registries.conf", "system.test")
    write(system / "registries.conf.d" / "x.conf", "drop-in.test")
    assert places(RegistriesConf.of(environ=environ).routes(tagged("r.io", "a"))) == ["system.test/a"]
    write(home / ".config" / "containers" / "registries.conf", "user.test")
    write(home / ".config" / "containers" / "registries.conf.d" / "x.conf", "user-drop-in.test")
    found = RegistriesConf.of(environ=environ)
    assert places(found.routes(tagged("r.io", "a"))) == ["user.test/a"]
    assert places(found.routes(tagged("x.io", "a"))) == ["user-drop-in.test/a"]
    write(tmp_path / "registries.conf", "named.test")
    environ["CONTAINERS_REGISTRIES_CONF"] = str(tmp_path / "registries.conf")
    found = RegistriesConf.of(environ=environ)
    assert places(found.routes(tagged("r.io", "a"))) == ["named.test/a"]
    assert places(found.routes(tagged("x.io", "a"))) == ["x.io/a"]
    with pytest.raises(InputError, match="there is no file"):
        RegistriesConf.of(os.path.join(str(tmp_path), "none"))


@pytest.fixture
def without_toml(monkeypatch):
    for name in ("tomllib", "tomli"):
        monkeypatch.setitem(sys.modules, name, None)


BEYOND = 'description = """\nseveral lines\n"""\n'


def test_a_python_without_a_toml_reader_reads_what_such_files_hold(conf, without_toml):
    found = conf('[[registry]]\nprefix = "r.io"\nblocked = true\n[[registry.mirror]]\nlocation = "m.test"  # near\ninsecure = true\n')
    (route,) = found.routes(tagged("r.io", "a"))
    assert (route.host, route.repository, route.insecure, route.mirror) == ("m.test", "a", True, True)


def test_a_named_file_that_needs_a_toml_reader_says_what_to_install(conf, without_toml):
    with pytest.raises(Unsupported, match="line 1 cannot be read.*tomli"):
        conf(BEYOND)


def test_a_file_of_the_system_that_needs_a_toml_reader_is_left_out_with_one_warning(tmp_path, without_toml):
    folder = tmp_path / ".config" / "containers"
    folder.mkdir(parents=True)
    (folder / "registries.conf").write_text(BEYOND, encoding="utf-8")
    with pytest.warns(Notice, match="is left out.*tomli.*set registries_conf to /dev/null") as warned:
        found = RegistriesConf.of(environ={"HOME": str(tmp_path)})
    assert [place.host for place in found.routes(tagged("r.io", "a"))] == ["r.io"]
    assert len([each for each in warned if str(folder) in str(each.message)]) == 1


def test_no_file_is_read_when_it_is_switched_off(tmp_path):
    folder = tmp_path / ".config" / "containers"
    folder.mkdir(parents=True)
    (folder / "registries.conf").write_text("this is no TOML", encoding="utf-8")
    assert RegistriesConf.of("/dev/null", {"HOME": str(tmp_path)}).registries == ()


_HOSTS = st.sampled_from(["a.io", "b.a.io", "a.io:5000", "*.a.io", "docker.io"])
_PATHS = st.lists(st.sampled_from(["x", "y", "library"]), max_size=3).map("/".join)
_PLACES = st.builds(lambda host, path: f"{host}/{path}".rstrip("/"), _HOSTS, _PATHS)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({"prefix": _PLACES, "blocked": st.booleans()}), max_size=5),
    _HOSTS.filter(lambda host: "*" not in host),
    _PATHS.filter(bool),
)
def test_the_entry_that_decides_is_the_longest_that_fits(entries, domain, path):
    try:
        found = registries_of({"registry": entries}, "file")
    except MirrorError:
        return
    conf = RegistriesConf(tuple(sorted(found.values(), key=lambda each: -len(each.prefix))), "file")
    decides = conf.find(f"{domain}/{path}")
    fitting = [each.prefix for each in found.values() if each.rest(f"{domain}/{path}") is not None]
    assert (decides.prefix if decides else None) in (fitting or [None])
    assert not fitting or len(decides.prefix) == max(map(len, fitting))
