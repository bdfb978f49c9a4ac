# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: shown nowhere, however and wherever they are written, and sent to nobody else, wherever a server leads.

Each attack names its guard, and succeeds when that guard is taken away, which is tested, too.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple
from urllib.parse import unquote

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.secrets import secrets_in
from ansible_collections.disconnected.mirror.plugins.module_utils.base import errors
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import masked
from ansible_collections.disconnected.mirror.plugins.module_utils.http import redirect as redirects
from ansible_collections.disconnected.mirror.plugins.module_utils.http import session
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login import auth
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth import basic
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access, Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Guarded
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import checks
from ansible_collections.disconnected.mirror.plugins.modules import image_mirror, imageset_plan
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.scripted import Scripted, always, redirect, refusal, starting

scripted = pytest.fixture(starting)

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
# Nobody listens there.
DEAD = "127.0.0.1:9"


class Spelling(NamedTuple):
    """place: the option, or the part of the configuration, that it stands in.  secret: what must not be seen of it."""

    place: str
    text: str
    secret: str = "canary"


def _spelled(place: str, *texts: str) -> tuple[Spelling, ...]:
    """The secret is `canary`, or what stands in its place, between two bars."""
    return tuple(Spelling(place, text.replace("|", ""), text.split("|")[1] if "|" in text else "canary") for text in texts)


SPELLINGS = (
    *_spelled(
        *(
            "proxy",
            "http://me:canary@proxy:3128",
            "http://canary@proxy:3128",
            "me:canary@proxy:3128",
            "canary@proxy:3128",
            "HTTP://me:canary@proxy",
        ),
        *("http://me:|can/ary|@proxy:3128", "http://me:|can@ary|@proxy:3128", "http://me:|can%40ary|@proxy", "http://me:|can:ary|@proxy"),
        *(
            "http://me:|can ary|@proxy",
            "http://me:|can?ary|@proxy",
            "http://me:|can#ary|@proxy",
            "https://me:canary@proxy",
            "socks5://me:canary@p",
        ),
        *(
            "ftp://me:canary@proxy",
            "http://:canary@proxy",
            "http://me:canary@",
            "http://me:canary@[::1",
            "http://canary:@proxy",
            "me:|1234/ary|@proxy",
        ),
    ),
    *_spelled(
        *(
            "url",
            "https://me:canary@host/graph",
            "HTTPS://me:canary@host/graph",
            "https://canary@host/graph",
            "https://me:|can/ary|@host/graph",
        ),
        *(
            "https://me:|can@ary|@host/",
            "https://me:|can%2Fary|@host/",
            "ftp://me:canary@host/",
            "me:canary@host/graph",
            "https://me:canary@[::1/x",
        ),
        *(
            f"http://{DEAD}/graph?token=canary",
            f"http://{DEAD}/graph?a=b&access_token=canary",
            f"http://{DEAD}/g?X-Amz-Signature=canary&a=b",
        ),
        *(
            f"http://{DEAD}/graph?api_key=canary",
            f"http://{DEAD}/g?PASSWORD=canary",
            f"http://{DEAD}/g?sig=canary#x",
            f"http://{DEAD}/g#token=canary",
        ),
    ),
    *_spelled(
        *(
            "name",
            "me:canary@quay.io/team/app:1",
            "docker://me:canary@quay.io/team/app:1",
            "https://me:canary@quay.io/team/app",
            "oci://me:canary@h/a",
        ),
        *(
            "quay.io/team/app?token=canary",
            "me:canary@quay.io/a@sha256:" + "0" * 64,
            "me:|can/ary|@quay.io/team/app",
            "canary:x-oauth-basic@quay.io/a",
        ),
        *(
            "me:canary@localhost:5000/team/app",
            "HTTPS://ME:canary@quay.io/a:1",
            "docker://canary@quay.io/team/app:1",
            "me:|can ary|@quay.io/a",
        ),
    ),
    *_spelled(
        *("destination", "docker://me:canary@registry.test/ocp", "me:canary@registry.test/ocp", "https://me:canary@registry.test/ocp"),
        *(
            "docker://canary@registry.test/ocp",
            "docker://me:|can/ary|@registry.test/ocp",
            "file://me:canary@registry.test",
            "DOCKER://me:canary@h/a",
        ),
        *("docker://registry.test/ocp?token=canary", "docker://me:canary@registry.test:5000", "docker://me:|can%21ary|@registry.test/ocp"),
    ),
    *_spelled(
        *(
            "charts",
            "https://me:canary@host/charts",
            "HTTPS://me:canary@host/charts",
            "https://canary@host/charts",
            "https://me:|can/ary|@host/charts",
        ),
        *(
            f"http://{DEAD}/charts?token=canary",
            f"http://{DEAD}/charts?a=1&secret=canary",
            "oci://me:canary@host/charts",
            "me:canary@host/charts",
        ),
    ),
)


def options(spelling: Spelling, folder: Any) -> dict[str, Any]:
    mirror: dict[str, Any] = {}
    given: dict[str, Any] = {}
    text = spelling.text
    if spelling.place == "name":
        mirror["additionalImages"] = [{"name": text}]
    elif spelling.place == "charts":
        # No chart is ever fetched, so any program does.
        given = {"helm_path": sys.executable}
        mirror["helm"] = {"repositories": [{"name": "charts", "url": text, "charts": [{"name": "a", "version": "1.0.0"}]}]}
    elif spelling.place == "proxy":
        given = {"http_proxy": text, "https_proxy": text}
        mirror["additionalImages"] = [{"name": f"{DEAD}/team/app:1"}]
    elif spelling.place == "url":
        given = {"update_url": text}
        mirror["platform"] = {"channels": [{"name": "stable-4.14"}]}
    else:
        given = {"destination": text}
        mirror["additionalImages"] = [{"name": f"{DEAD}/team/app:1"}]
    document = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror}
    tls = [{"host": DEAD, "plain_http": True}]
    return {"imageset": document, "workspace": str(folder / "workspace"), "tls": tls, "retry_times": 0, "no_proxy": "", **given}


def shown(spelling: Spelling, folder: Any, from_file: bool = False) -> str:
    """Everything that a module tells and writes: the result with the options that Ansible repeats, and its files."""
    given = options(spelling, folder)
    if from_file:
        path = folder / "imageset-config.json"
        path.write_text(json.dumps(given.pop("imageset")), encoding="utf-8")
        given["config"] = str(path)
    module = image_mirror if spelling.place == "destination" else imageset_plan
    result = run_module(module, given, diff=True, invocation=True)
    assert result["failed"], result
    texts = [json.dumps(result, ensure_ascii=False)]
    for place, _folders, names in os.walk(folder / "workspace"):
        for name in names:
            with open(os.path.join(place, name), encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
    return "\n".join(texts)


@pytest.fixture
def environment(tmp_path, monkeypatch):
    for name in ("REGISTRY_AUTH_FILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "CONTAINERS_REGISTRIES_CONF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("spelling", SPELLINGS, ids=[f"{each.place}: {each.text}" for each in SPELLINGS])
def test_a_secret_in_an_option_is_shown_nowhere(spelling, environment):
    text = shown(spelling, environment)
    assert spelling.secret not in text and unquote(spelling.secret) not in text


IN_FILES = tuple(each for each in SPELLINGS if each.place in ("name", "charts"))


@pytest.mark.parametrize("spelling", IN_FILES, ids=[f"{each.place}: {each.text}" for each in IN_FILES])
def test_a_secret_in_the_file_of_the_configuration_is_shown_nowhere(spelling, environment):
    """What Ansible cannot star, because it never saw it: only masking it where errors are made helps."""
    text = shown(spelling, environment, from_file=True)
    assert spelling.secret not in text and unquote(spelling.secret) not in text


def test_the_table_has_sixty_spellings():
    assert len(SPELLINGS) >= 60


def test_without_its_guards_secrets_are_shown(environment, monkeypatch):
    """Options are starred (arguments.secrets), configurations with a secret refused (imageset.checks), errors masked (base.secret)."""
    monkeypatch.setattr(outcome, "secrets_in", lambda _params: set())
    kept = [each for each in SPELLINGS if each.secret not in shown(each, environment)]
    assert kept == []
    monkeypatch.setattr(checks, "secrets", lambda _text: set())
    assert [each for each in IN_FILES if each.secret not in shown(each, environment, from_file=True)] == []
    masking = MirrorError("cannot read https://me:canary@host/")
    monkeypatch.setattr(errors, "masked", lambda text: text)
    assert "canary" in str(MirrorError("cannot read https://me:canary@host/")) and "canary" not in str(masking)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "quay.io/team/app@sha256:" + "0" * 64,
            "quay.io:443/team/app:1@sha256:" + "0" * 64,
            "https://h:5000/a:1@sha256:x",
            "docker://h:5000/a@b",
        ),
        *(
            "see https://host/path?a=b&c=d",
            "git@github.com",
            "https://host/@scope/package",
            "http://[::1]:5000/a@b",
            "a = b",
            "bob@example.com",
        ),
        *(
            "stable-4.14@amd64",
            "https://host:8080/path@x",
            "operators[0].packages[1].name",
            "sha512:abc@sha256:def",
            "x=y&z",
            "image:tag@sha512:ab",
        ),
    ],
)
def test_what_is_no_secret_is_not_masked(text):
    assert masked(text) == text and secrets_in({"names": [text]}) == set()


class Led(NamedTuple):
    """A server that leads a request with credentials elsewhere.  guard: what holds the credentials, or the token, back."""

    name: str
    guard: str
    where: str


INNER = "http://inner.example.net:{port}/token"
TOKEN_REDIRECTS = (
    Led("to a service of this machine", "the realm rule for redirects", "http://127.0.0.1:{port}/token"),
    Led("to the service of a cloud for its machines", "the realm rule for redirects", "http://169.254.169.254/latest/token"),
    Led("to a host of somebody else", "the realm rule for redirects", "http://tokens.evil.test:{port}/token"),
    Led("to a private address", "the realm rule for redirects", "http://10.1.2.3:{port}/token"),
    Led("to a name without a domain", "the realm rule for redirects", "http://vault:{port}/token"),
    Led("to another spelling of this machine", "the realm rule for redirects", "http://2130706433:{port}/token"),
    Led("to this machine by IPv6", "the realm rule for redirects", "http://[::1]:{port}/token"),
    Led("to this machine by IPv4 in IPv6", "the realm rule for redirects", "http://[::ffff:127.0.0.1]:{port}/token"),
    Led("to a name that leads to this machine", "the addresses of token services", "http://inner.example.com:{port}/token"),
)


@pytest.fixture
def world(scripted, monkeypatch) -> Iterator[Callable[..., tuple[Scripted, Scripted, Http, Origin]]]:
    """A public registry (by name and address) that an attacker runs, and an inner service that gives tokens to its neighbours."""

    def build(where: str, realm: str = "http://{host}/token", **settings: Any) -> tuple[Scripted, Scripted, Http, Origin]:
        body = json.dumps({"token": "inner-canary"}).encode()
        inner = scripted(always(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body))

        def behave(connection: socket.socket, _number: int, head: bytes) -> None:
            if head.startswith(b"GET /token"):
                connection.sendall(redirect(where.format(port=inner.port)))
            elif b"uthorization: " in head:
                connection.sendall(OK)
            else:
                named = realm.format(host=f"registry.example.com:{registry.port}", port=inner.port)
                connection.sendall(refusal(401, headers=f'WWW-Authenticate: Bearer realm="{named}",service="s"\r\n'))

        registry = scripted(behave)
        origin = Origin("http", "registry.example.com", registry.port)
        resolve = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda name, *others, **more: resolve(_local(name), *others, **more))
        peer = Guarded.peer.fget
        monkeypatch.setattr(Guarded, "peer", property(lambda each: "93.184.216.34" if each.host == origin.host else peer(each)))
        known = Credentials.of(entries={origin.netloc: {"username": "me", "password": "canary"}}, environ={"HOME": "/nonexistent"})
        given = {"plain_http": True, "retries": {"times": 0}, "timeouts": {"connect": 0.5, "stall": 5.0}, **settings}
        return registry, inner, Http(Settings.of(given, {}), known), origin

    yield build


def _local(name: Any) -> Any:
    text = name.decode() if isinstance(name, bytes) else name
    return "127.0.0.1" if text.endswith((".example.com", ".example.net", ".evil.test")) or text == "vault" else name


def ask(http: Http, origin: Origin) -> Any:
    return http.exchange(Request("GET", origin, "/v2/a/tags/list", access=Access("a")))


@pytest.mark.parametrize("led", TOKEN_REDIRECTS, ids=[each.name for each in TOKEN_REDIRECTS])
def test_a_token_request_that_is_led_elsewhere_is_not_made(world, led):
    registry, inner, http, origin = world(led.where)
    with pytest.raises(MirrorError):
        ask(http, origin)
    assert inner.heads == [] and not any(b"inner-canary" in head for head in registry.heads)


@pytest.mark.parametrize(
    "led", [each for each in TOKEN_REDIRECTS if "127" in each.where or "inner" in each.where], ids=lambda led: led.name
)
def test_without_the_realm_rule_an_inner_token_goes_to_the_attacker(world, led, monkeypatch):
    monkeypatch.setattr(auth._Realm, "check_host", lambda *_each: None)
    monkeypatch.setattr(auth._Realm, "check_address", lambda *_each: None)
    registry, inner, http, origin = world(led.where)
    try:
        ask(http, origin)
    except MirrorError:
        assert "::ffff" in led.where, "only what this machine cannot reach is not asked"
        return
    assert inner.heads and any(b"Bearer inner-canary" in head for head in registry.heads)


def test_a_token_request_may_be_led_within_its_own_domain(world):
    registry, inner, http, origin = world("http://registry.example.com:{port}/token")
    assert ask(http, origin).status == 200
    assert inner.heads and not any(b"uthorization" in head for head in inner.heads)


ONWARD = (
    *("http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://0x7f.1:{port}/", "http://2130706433:{port}/"),
    *(
        "http://0.0.0.0:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
    ),
    *("http://inner.example.net:{port}/", "http://a.localhost:{port}/", "http://017700000001:{port}/", "http://127.1:{port}/"),
)


@pytest.mark.parametrize("where", ONWARD)
def test_a_blob_of_a_public_registry_does_not_come_from_this_machine_or_its_link(scripted, world, where):
    _registry, inner, http, _origin = world("")
    leading = scripted(always(redirect(where.format(port=inner.port))))
    with pytest.raises(MirrorError, match="not public"):
        http.exchange(Request("GET", Origin("http", "registry.example.com", leading.port), "/v2/a/blobs/x"))
    assert inner.heads == []


@pytest.mark.parametrize("where", [each for each in ONWARD if ":{port}/" in each and "::" not in each and "a.localhost" not in each])
def test_without_that_rule_it_does(scripted, world, where, monkeypatch):
    monkeypatch.setattr(redirects, "check_onward", lambda *_each: None)
    _registry, inner, http, _origin = world("")
    leading = scripted(always(redirect(where.format(port=inner.port))))
    assert http.exchange(Request("GET", Origin("http", "registry.example.com", leading.port), "/v2/a/blobs/x")).status == 200
    assert len(inner.heads) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("header", [basic("me", "canary"), "Bearer canary"])
def test_credentials_do_not_follow_a_redirect_to_another_origin(scripted, status, header):
    other = scripted(always(OK))
    server = scripted(always(redirect(f"{other.url}/there", status)))
    http = Http(Settings.of({"plain_http": True}, {}))
    http.exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/", authorization=header))
    assert len(other.heads) == 1 and b"uthorization" not in other.heads[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_of_a_document_do_not_follow_a_redirect(scripted, status):
    """The same by way of requests, for charts, graphs and signatures."""
    other = scripted(always(OK))
    answers = {True: redirect(f"{other.url}/there", status), False: refusal(401)}
    server = scripted(lambda connection, _number, head: connection.sendall(answers[b"uthorization: Basic" in head]))
    known = Credentials.of(entries={server.host: {"username": "me", "password": "canary"}}, environ={"HOME": "/nonexistent"})
    assert Http(Settings.of({"plain_http": True}, {}), known).get(f"{server.url}/index.yaml") == b"hi"
    assert len(server.heads) == 2 and len(other.heads) == 1 and b"uthorization" not in other.heads[0]


def test_nothing_of_the_environment_goes_along(scripted, tmp_path, monkeypatch):
    """requests would take passwords from netrc, proxies from the environment, and keep cookies."""
    server = scripted(always(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=canary\r\nContent-Length: 2\r\n\r\nhi"))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password canary\n", encoding="utf-8")
    os.chmod(tmp_path / ".netrc", 0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", f"http://{DEAD}")
    http = Http(Settings.of({"plain_http": True, "retries": {"times": 0}}, {}))
    assert http.get(server.url) == http.get(server.url) == b"hi"
    assert not any(b"canary" in head or b"uthorization" in head or b"ookie" in head for head in server.heads)


REFLECTED = ("Docker-Content-Digest", "WWW-Authenticate", "Warning", "Content-Type", "Retry-After", "X-Any", "Content-Range", "Server")


@pytest.mark.parametrize("header", REFLECTED)
@pytest.mark.parametrize("sent", [basic("me", "canary"), "Bearer canary"])
def test_a_secret_that_a_server_repeats_in_a_header_is_concealed(scripted, header, sent):
    _scheme, _blank, secret = sent.partition(" ")
    server = scripted(always(f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{header}: sha256:{secret} canary\r\n\r\n".encode()))
    http = Http(Settings.of({"plain_http": True}, {}))
    response = http.exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/", authorization=sent))
    assert "canary" not in str(response.headers) and secret not in str(response.headers)


def test_without_concealing_it_is_shown(scripted, monkeypatch):
    monkeypatch.setattr(session, "conceal", lambda _response, _sent: None)
    server = scripted(always(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDocker-Content-Digest: canary\r\n\r\n"))
    http = Http(Settings.of({"plain_http": True}, {}))
    request = Request("GET", Origin("http", "127.0.0.1", server.port), "/", authorization="Bearer canary")
    assert "canary" in str(http.exchange(request).headers)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
@pytest.mark.parametrize("limit", [10, 1000])
def test_no_error_of_a_document_shows_what_is_in_its_url(scripted, status, limit):
    server = scripted(always(refusal(status, b"x" * 100)))
    http = Http(Settings.of({"plain_http": True, "retries": {"times": 0}}, {}))
    try:
        http.get(f"{server.url}/index.yaml?token=canary", limit=limit)
    except MirrorError as error:
        assert "canary" not in f"{error} {error.subject} {error.advice} {error!r}"


def test_an_error_masks_what_it_quotes():
    error = InputError("cannot read https://me:canary@host/", subject="me:canary@host", advice="Correct it.")
    assert "canary" not in f"{error!r} {error} {error.message} {error.subject} {error.args}"


@pytest.mark.parametrize(
    "given", [{"auths": ["canary"]}, {"auths": "canary"}, {"auths": 5}, {"a.io": ["canary"]}, {"auths": {"a.io": {"auth": 5}}}]
)
def test_a_pull_secret_of_another_shape_is_an_error_in_words(environment, given):
    spelling = Spelling("name", f"{DEAD}/team/app:1")
    result = run_module(imageset_plan, {**options(spelling, environment), "pull_secret": given})
    assert result["failed"] and "something unexpected" not in result["msg"] and "canary" not in json.dumps(result)
