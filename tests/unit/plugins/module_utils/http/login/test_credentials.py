# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials: the order of their sources, the keys, helpers, and secrets that stay secret."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import stat
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login import credential_helper
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth_file import AuthFile, normal_key
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials


def encoded(user, password="secret"):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return str(path)


@pytest.fixture
def environ(tmp_path):
    return {"HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}


def helper(tmp_path, name, script):
    path = tmp_path / "bin" / f"docker-credential-{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def user(credentials, host, repository=""):
    found = credentials.lookup(host, repository)
    return found.username if found else None


@pytest.fixture
def places(tmp_path, environ):
    """The usual files, in the order in which they are asked, each with a user of its name for a.io."""
    environ.update(XDG_RUNTIME_DIR=str(tmp_path / "run"), XDG_CONFIG_HOME=str(tmp_path / "config"), DOCKER_CONFIG=str(tmp_path / "docker"))
    found = {
        "runtime": tmp_path / "run" / "containers" / "auth.json",
        "config": tmp_path / "config" / "containers" / "auth.json",
        "docker-config": tmp_path / "docker" / "config.json",
        "docker": tmp_path / "home" / ".docker" / "config.json",
    }
    for name, path in found.items():
        write(path, {"auths": {"a.io": encoded(name)}})
    return found


def test_sources_are_asked_in_their_order(environ, places):
    given = {"username": "given", "password": "p"}
    assert user(Credentials.of(entries={"a.io": given}, environ=environ), "a.io") == "given"
    for name, path in places.items():
        assert user(Credentials.of(entries={"b.io": given}, environ=environ), "a.io") == name
        write(path, {"auths": {"b.io": encoded(name)}})
    assert user(Credentials.of(environ=environ), "a.io") is None


def test_a_named_file_takes_the_place_of_the_usual_ones(tmp_path, environ, places):
    environ["REGISTRY_AUTH_FILE"] = write(tmp_path / "env.json", {"auths": {"a.io": encoded("environment"), "c.io": encoded("other")}})
    named = write(tmp_path / "given.json", {"auths": {"b.io": encoded("file")}})
    assert user(Credentials.of(environ=environ), "a.io") == "environment"
    credentials = Credentials.of(named, {"d.io": {"username": "given", "password": "p"}}, environ)
    assert [user(credentials, host) for host in ("a.io", "b.io", "c.io", "d.io")] == [None, "file", None, "given"]
    assert not any("environment" in secret or "docker" in secret for secret in credentials.secrets())


def test_home_config_is_the_default_of_the_config_directory(tmp_path, environ):
    write(tmp_path / "home" / ".config" / "containers" / "auth.json", {"auths": {"quay.io": encoded("me")}})
    assert user(Credentials.of(environ=environ), "quay.io", "any/thing") == "me"


@pytest.mark.parametrize(
    ("host", "repository", "expected"),
    [
        ("quay.io", "team/app", "repository"),
        ("quay.io", "team/other", "namespace"),
        ("quay.io", "team/app/deeper", "repository"),
        ("quay.io", "team2/app", "host"),
        ("quay.io", "teams", "host"),
        ("QUAY.IO", "x/y", "host"),
        ("quay.io:443", "team/app", None),
        ("notquay.io", "team/app", None),
    ],
)
def test_the_most_specific_key_wins(environ, host, repository, expected):
    entries = {
        "quay.io": {"username": "host", "password": "p"},
        "quay.io/team": {"username": "namespace", "password": "p"},
        "quay.io/team/app": {"username": "repository", "password": "p"},
    }
    assert user(Credentials.of(entries=entries, environ=environ), host, repository) == expected


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("https://index.docker.io/v1/", "registry-1.docker.io"),
        ("docker.io", "index.docker.io"),
        ("https://registry.example.com:5000/v1/", "registry.example.com:5000"),
        ("https://registry.example.com/v2/", "registry.example.com"),
        ("https://registry.example.com", "registry.example.com"),
        ("registry.example.com/", "registry.example.com"),
    ],
)
def test_the_old_forms_of_keys_are_known(environ, key, host):
    credentials = Credentials.of(entries={"auths": {key: encoded("me")}}, environ=environ)
    assert user(credentials, host, "library/nginx") == "me"


def test_a_namespace_called_v1_is_no_old_form():
    assert normal_key("registry.example.com/v1") == "registry.example.com/v1"


def test_a_plain_key_wins_over_the_old_form_of_it(environ):
    auths = {"https://example.com/v1/": encoded("old"), "example.com": encoded("plain")}
    assert user(Credentials.of(entries={"auths": auths}, environ=environ), "example.com") == "plain"


def test_passwords_may_hold_colons_and_letters_of_any_script(environ):
    found = Credentials.of(entries={"auths": {"a.io": encoded("me", "a:b:ü")}}, environ=environ).lookup("a.io")
    assert (found.username, found.password) == ("me", "a:b:ü")


def test_an_identity_token_stands_for_a_password(environ):
    entries = {"a.io": {**encoded("me", ""), "identitytoken": "idt"}, "b.io": {"identity_token": "other"}}
    credentials = Credentials.of(entries=entries, environ=environ)
    assert (credentials.lookup("a.io").identity_token, credentials.lookup("b.io").identity_token) == ("idt", "other")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"auths": []}', "auths is not a JSON object"),
        ('{"auths": {"a.io": "x"}}', "not a JSON object"),
        ('{"auths": {"a.io": {"auth": "***hunter2"}}}', "base64"),
        ('{"auths": {"a.io": {"auth": "aHVudGVyMg=="}}}', "no colon"),
        ('{"auths": {"a.io": {"auth": 7}}}', "auth is not text"),
        ('{"auths": {"a.io": {"username": "u", "password": ["hunter2"]}}}', "password is not text"),
        ('{"credHelpers": {"a.io": 7}}', "not text"),
        ('{"hunter2": ' * 20000, "not JSON"),
    ],
)
def test_a_malformed_file_is_named_and_nothing_of_it_shown(tmp_path, environ, text, reason):
    path = write(tmp_path / "auth.json", text)
    with pytest.raises(InputError, match=reason) as caught:
        Credentials.of(path, environ=environ).lookup("a.io")
    assert path in str(caught.value) and "hunter2" not in str(caught.value) and "aHVudGVy" not in str(caught.value)


def test_a_named_file_must_exist_and_a_usual_one_need_not(tmp_path, environ):
    with pytest.raises(InputError, match="there is no auth file"):
        Credentials.of(str(tmp_path / "none.json"), environ=environ).lookup("a.io")
    environ["REGISTRY_AUTH_FILE"] = str(tmp_path / "none.json")
    with pytest.raises(InputError, match="none.json"):
        Credentials.of(environ=environ).lookup("a.io")
    del environ["REGISTRY_AUTH_FILE"]
    assert Credentials.of(environ=environ).lookup("a.io") is None


def test_an_empty_file_has_no_entries(tmp_path, environ):
    assert Credentials.of(write(tmp_path / "auth.json", ""), environ=environ).lookup("a.io") is None


def test_given_entries_must_hold_something(environ):
    with pytest.raises(InputError, match="a.io"):
        Credentials.of(entries={"a.io": {"username": "me"}}, environ=environ)


def test_a_helper_is_asked_once_for_its_registry(tmp_path, environ):
    helper(tmp_path, "safe", f'read server; echo "$server" >> {tmp_path}/asked; echo \'{{"Username": "me", "Secret": "from-helper"}}\'')
    path = write(tmp_path / "auth.json", {"auths": {"b.io": encoded("plain")}, "credHelpers": {"a.io": "safe"}})
    credentials = Credentials.of(path, environ={**environ, "PATH": f"{environ['PATH']}:/bin:/usr/bin"})
    found = credentials.lookup("a.io", "team/app")
    assert (found.username, found.password) == ("me", "from-helper")
    assert credentials.lookup("a.io", "team/other") == found
    assert user(credentials, "b.io") == "plain"
    assert (tmp_path / "asked").read_text() == "a.io\n"
    assert "from-helper" in credentials.secrets()


def test_a_helper_may_give_an_identity_token_and_knows_docker_hub_by_its_old_name(tmp_path, environ):
    helper(tmp_path, "safe", f'read server; echo "$server" > {tmp_path}/asked; echo \'{{"Username": "<token>", "Secret": "idt"}}\'')
    path = write(tmp_path / "auth.json", {"credsStore": "safe"})
    assert Credentials.of(path, environ=environ).lookup("docker.io", "library/nginx").identity_token == "idt"
    assert (tmp_path / "asked").read_text().strip() == "https://index.docker.io/v1/"


def test_a_helper_without_an_answer_leaves_the_next_source_to_decide(tmp_path, environ):
    helper(tmp_path, "safe", "echo credentials not found in native keychain; exit 1")
    write(tmp_path / "home" / ".config" / "containers" / "auth.json", {"credsStore": "safe"})
    write(tmp_path / "home" / ".docker" / "config.json", {"auths": {"a.io": encoded("docker")}})
    assert user(Credentials.of(environ=environ), "a.io") == "docker"


def test_a_missing_helper_is_told_where_it_matters(tmp_path, environ):
    path = write(tmp_path / "auth.json", {"credHelpers": {"a.io": "nowhere"}})
    with pytest.raises(AccessDenied, match="docker-credential-nowhere for a.io is not installed"):
        Credentials.of(path, environ=environ).lookup("a.io")
    path = write(tmp_path / "store.json", {"auths": {"a.io": {}}, "credsStore": "nowhere"})
    credentials = Credentials.of(path, environ=environ)
    with pytest.raises(AccessDenied, match="docker-credential-nowhere"):
        credentials.lookup("a.io")
    assert credentials.lookup("other.io") is None


@pytest.mark.parametrize(
    ("script", "reason", "patience"),
    [
        ("echo hunter2; exit 3", "exit status 3", 60),
        ("echo hunter2", "not what a credential helper says", 60),
        ('echo \'{"Username": 1, "Secret": "hunter2"}\'', "not what a credential helper says", 60),
        ("exec sleep 60", "no answer", 0.2),
    ],
)
def test_a_failing_helper_is_told_without_its_words(tmp_path, environ, script, reason, patience):
    helper(tmp_path, "bad", script)
    with pytest.raises(AccessDenied, match=reason) as caught:
        credential_helper.ask("bad", "a.io", "file", {"PATH": f"{environ['PATH']}:/bin:/usr/bin"}, timeout=patience)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["../evil", "a b", "a;b", "-x", "", "a/b", "$(x)"])
def test_a_helper_is_a_plain_name(name):
    with pytest.raises(InputError):
        credential_helper.ask(name, "a.io", "file", dict(os.environ))


def test_secrets_are_listed_for_hiding_and_never_shown(tmp_path, environ):
    path = write(tmp_path / "auth.json", {"auths": {"a.io": encoded("me", "canary-1"), "b.io": {"identitytoken": "canary-2"}}})
    credentials = Credentials.of(path, {"c.io": {"username": "u", "password": "canary-3"}}, environ)
    secrets = credentials.secrets()
    assert {"canary-1", "canary-2", "canary-3", encoded("me", "canary-1")["auth"]} <= set(secrets)
    shown = repr([credentials.lookup(host) for host in ("a.io", "b.io", "c.io")]) + repr(credentials) + repr(AuthFile.read(path))
    assert not [secret for secret in secrets if secret in shown]
    assert credentials.lookup("a.io").source == f"{path}, a.io"


def test_many_threads_ask_a_helper_once(tmp_path, environ):
    helper(tmp_path, "slow", f'sleep 0.1; echo x >> {tmp_path}/asked; echo \'{{"Username": "me", "Secret": "s"}}\'')
    path = write(tmp_path / "auth.json", {"credHelpers": {"a.io": "slow"}})
    credentials = Credentials.of(path, environ={**environ, "PATH": f"{environ['PATH']}:/bin:/usr/bin"})
    found = []
    threads = [threading.Thread(target=lambda: found.append(user(credentials, "a.io", "r"))) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["me"] * 8 and (tmp_path / "asked").read_text() == "x\n"


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["auths", "credHelpers", "credsStore", "auth", "a.io", "password"]), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_document_is_read_or_refused(document):
    with contextlib.suppress(MirrorError):
        AuthFile.of(document, "file")
