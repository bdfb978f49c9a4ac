# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The update service's client (config-and-releases 2.1, 2.9)."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import (
    GraphDataInvalid,
    InvalidVersionFilter,
    NoGraphData,
    UpdateServiceError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Channel
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import OKD_UPDATE_URL, UPDATE_URL, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.update_service import UpdateService, query
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import store_url
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer, fetch

V1, V2 = Generation.V1, Generation.V2
STABLE = Channel("stable-4.14")
OKD = Channel("4-stable", okd=True)


def settings(generation=V2, environment=(), **options):
    return Settings.of(options, dict(environment), generation)


def service(generation=V2, folder="", environment=(), **options):
    return UpdateService(settings(generation, environment, **options), fetch, str(folder))


def test_ch03_parameters_are_in_alphabetical_order():
    identity = "01234567-0123-0123-0123-0123456789ab"
    url = query("https://example.com/graph", "arch", "channel", "version", identity)
    assert url == f"https://example.com/graph?arch=arch&channel=channel&id={identity}&version=version"


def test_ch03_parameters_of_the_base_url_are_kept_and_encoded():
    assert (
        query("https://example.com/graph?zone=a+b&channel=old", "amd64", "c") == "https://example.com/graph?arch=amd64&channel=c&zone=a+b"
    )


@pytest.mark.parametrize("base", ["", "graph", "ftp://example.com/graph", "https:///graph"])
def test_ch01_other_urls_are_refused(base):
    with pytest.raises(InputError, match="not the URL of an update service"):
        query(base)


def test_a_url_with_a_password_is_refused_and_not_shown():
    with pytest.raises(InputError, match="contains a user name") as caught:
        query("https://me:canary@example.com/graph")
    with pytest.raises(InputError, match="contains a user name") as other:
        store_url("https://me:canary@example.com/signatures", "release_signature_urls")
    assert "canary" not in f"{caught.value}{other.value}"


@pytest.mark.parametrize(
    ("generation", "environment", "options", "openshift", "okd"),
    [
        (V1, {}, {}, UPDATE_URL, OKD_UPDATE_URL),
        (V2, {}, {}, UPDATE_URL, OKD_UPDATE_URL),
        (V1, {"UPDATE_URL_OVERRIDE": "https://o.example.com/g"}, {}, "https://o.example.com/g", "https://o.example.com/g"),
        (V2, {"UPDATE_URL_OVERRIDE": "https://o.example.com/g"}, {}, "https://o.example.com/g", OKD_UPDATE_URL),
        (
            V2,
            {"UPDATE_URL_OVERRIDE": "https://o.example.com/g"},
            {"update_url": "https://p.example.com/g"},
            "https://p.example.com/g",
            OKD_UPDATE_URL,
        ),
        (V2, {}, {"okd_update_url": "https://q.example.com/g"}, UPDATE_URL, "https://q.example.com/g"),
    ],
)
def test_ch02_env01_overrides(generation, environment, options, openshift, okd):
    client = service(generation, environment=environment, **options)
    assert client.url(STABLE, "amd64").startswith(f"{openshift}?arch=amd64&channel=stable-4.14&id=")
    expected = okd if generation is V1 else f"{okd}?arch=amd64&channel=4-stable&id="
    assert client.url(OKD, "amd64") == expected if generation is V1 else client.url(OKD, "amd64").startswith(expected)


def test_environment_values_are_told_without_passwords():
    notes = settings(environment={"UPDATE_URL_OVERRIDE": "https://user:secret@o.example.com/g"}).notes
    assert notes == ("UPDATE_URL_OVERRIDE of the environment is used: https://***@o.example.com/g.",)


def test_a_graph_is_asked_for_once_and_kept_verbatim(tmp_path):
    content = answer(["4.14.1"])
    with ReleaseServer({("amd64", "stable-4.14"): content}) as server:
        client = service(folder=tmp_path, update_url=server.url())
        assert client.graph(STABLE, "amd64") is client.graph(STABLE, "amd64")
        assert [sorted(asked) for path, asked in server.asked] == [["arch", "channel", "id"]]
    assert (tmp_path / "amd64-stable-4.14.json").read_bytes() == content


def test_offline_graphs_come_from_the_workspace(tmp_path):
    (tmp_path / "amd64-stable-4.14.json").write_bytes(answer(["4.14.1"]))
    client = service(folder=tmp_path, offline=True)
    assert str(client.graph(STABLE, "amd64").versions()[0]) == "4.14.1"
    with pytest.raises(NoGraphData, match="NoGraphData: no graph data on disk for channel stable-4.14"):
        client.graph(STABLE, "arm64")


def test_graphs_come_from_a_file_or_a_directory(tmp_path):
    path = tmp_path / "amd64-stable-4.14.json"
    path.write_bytes(answer(["4.14.1"]))
    for place in (path, tmp_path):
        assert len(service(graph_file=str(place)).graph(STABLE, "amd64").releases) == 1
    with pytest.raises(NoGraphData):
        service(graph_file=str(tmp_path / "none.json")).graph(STABLE, "amd64")


def test_unknown_channels_are_empty_and_not_an_error_of_the_service():
    with ReleaseServer() as server:
        assert service(update_url=server.url()).graph(Channel("stable-9.9"), "amd64").releases == ()


@pytest.mark.parametrize("name", ["invalid_channel", "invalid:channel", "Stable-4.14", "", "../x", "a/b", ".hidden"])
def test_ch09_names_are_checked_before_they_are_asked_for(name, tmp_path):
    with pytest.raises(InputError, match="invalid channel name"):
        service(folder=tmp_path, offline=True).graph(Channel(name), "amd64")


def test_answers_that_are_no_graph():
    with ReleaseServer({("amd64", "stable-4.14"): b"<html>"}) as server, pytest.raises(GraphDataInvalid, match="not JSON"):
        service(update_url=server.url()).graph(STABLE, "amd64")


def test_a_refusal_names_the_channel():
    with ReleaseServer() as server:
        with pytest.raises(UpdateServiceError, match='APIRequestError: channel "stable-4.14": .* answered 404') as caught:
            service(update_url=server.url("/elsewhere")).graph(STABLE, "amd64")
    assert caught.value.status == 404


def test_no_network_is_a_clear_error():
    with pytest.raises(UpdateServiceError, match="no network but its registries"):
        UpdateService(settings()).graph(STABLE, "amd64")


def test_errors_of_the_network_keep_their_advice():
    def away(url, headers, limit):
        raise Unreachable("api.openshift.com does not answer", host="api.openshift.com", advice="Check the proxy.")

    with pytest.raises(UpdateServiceError) as caught:
        UpdateService(settings(), away).graph(STABLE, "amd64")
    assert caught.value.advice == "Check the proxy." and caught.value.host == "api.openshift.com"


def test_env02_version_filter():
    assert settings(environment={"VERSION_FILTER": "4.2"}).rules.version_filter.search("4.20.1")
    with pytest.raises(InvalidVersionFilter):
        settings(version_filter="(")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"release_signatures": "maybe"}, "not a signature policy"),
        ({"release_signature_urls": ["storage.example.com"]}, "not a URL of signatures"),
        ({"release_signature_keys": ["/nowhere/key.asc"]}, "no public key at /nowhere/key.asc"),
    ],
)
def test_options_that_cannot_be_used(options, message):
    with pytest.raises(InputError, match=message):
        settings(**options)


def test_env03_env04_signature_store_and_key(tmp_path, release_key):
    path = tmp_path / "key.asc"
    path.write_bytes(release_key.public)
    made = settings(environment={"OCP_SIGNATURE_URL": "https://s.example.com/a", "OCP_SIGNATURE_VERIFICATION_PK": str(path)})
    assert made.openshift.urls == ("https://s.example.com/a/",)
    assert len(made.openshift.keys) == 1 and made.okd.keys == ()
    assert (made.openshift.policy, made.okd.policy) == ("require", "warn")


def test_sig21_a_configured_key_that_is_none_fails(tmp_path):
    path = tmp_path / "key.asc"
    path.write_bytes(b"")
    with pytest.raises(InputError, match="not an OpenPGP public key"):
        settings(environment={"OCP_SIGNATURE_VERIFICATION_PK": str(path)})


def test_the_service_s_own_rules_of_the_stand_in():
    with ReleaseServer() as server:
        with pytest.raises(Exception, match="400"):
            fetch(server.url("/graph?channel=stable-4.14"), {"Accept": "application/json"}, 1000)
        assert json.loads(fetch(server.url("/graph?channel=c&arch=amd64"), {"Accept": "application/json"}, 1000))["nodes"] == []


def test_directories_of_recordings_are_served(tmp_path):
    (tmp_path / "multi-candidate-4.12.json").write_bytes(answer(["4.12.0"]))
    (tmp_path / "provenance.json").write_bytes(b"{}")
    with ReleaseServer.of_directory(str(tmp_path)) as server:
        assert list(server.graphs) == [("multi", "candidate-4.12")]
    assert os.listdir(tmp_path)
