# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One play for many hosts: variables from a survey, workspaces by destination, and the truth about each host."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.filter.play_outcome import LOST
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play, program

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("HOME", str(path))
    return str(path)


def dead_port():
    """Nobody listens there, for it was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def inventory(folder, hosts):
    path = os.path.join(folder, "inventory.yml")
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump({"all": {"vars": LOCAL, "hosts": hosts}}, file)
    return path


def survey(site, *more_hosts):
    """All answers are texts, and what was not answered is an empty one."""
    imageset = site.variables(*site.names[:2])["mirror_imageset"]
    tls = [{"host": host, "plain_http": "true"} for host in (site.source.host, site.mirror.host, *more_hosts)]
    return {
        "mirror_hosts": "all",
        "mirror_imageset": yaml.safe_dump(imageset),
        "mirror_tls": json.dumps(tls),
        "mirror_retry_times": "1",
        "mirror_retry_delay": "0.1",
        "mirror_parallel_images": "4",
        "mirror_report": "true",
        "mirror_progress": "no",
        "mirror_config": "",
        "mirror_workspace": "",
        "mirror_max_nested_paths": "",
        "mirror_catalog_exceptions": "",
        "mirror_prune": "",
        "mirror_signatures": "",
        "mirror_destination_verify": "",
    }


def run(site, variables, hosts, playbook="mirror_to_mirror", *options):
    where = inventory(site.folder, hosts)
    return play(os.path.join(site.folder, "play"), f"disconnected.mirror.{playbook}", variables, "-i", where, *options)


def fleet(folder, nowhere):
    """The reports that came to the controller, and the index over them: the three answers of each registry."""
    assert sorted(os.listdir(folder)) == ["first", "fleet.html", "no-registry", "second"]
    for name in ("first", "no-registry", "second"):
        assert {"report", "report.html", "report.json"} == set(os.listdir(os.path.join(folder, name)))
        assert "images.csv" in os.listdir(os.path.join(folder, name, "report"))
    with open(os.path.join(folder, "fleet.html"), encoding="utf-8") as file:
        page = file.read()
    assert page.index("no-registry/report.html") < page.index("first/report.html") < page.index("second/report.html")
    assert "1 of 3 mirrors needs attention" in page and f"docker://{nowhere}/ocp" in page
    assert page.count("of the plan are in the mirror.") == 2 and page.count("Correct what failed, and run again.") == 1


def test_every_host_is_named_with_its_outcome_and_nothing_is_complete_while_one_is_not(site, home):
    nowhere = f"127.0.0.1:{dead_port()}"
    hosts = {
        "first": {"mirror_destination": f"docker://{site.mirror.host}/first"},
        "second": {"mirror_destination": f"docker://{site.mirror.host}/second"},
        "no-registry": {"mirror_destination": f"docker://{nowhere}/ocp"},
        "no-host": {
            "mirror_destination": f"docker://{site.mirror.host}/third",
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": dead_port(),
        },
        "no-destination": {},
    }
    fetched = os.path.join(site.folder, "fetched")
    done = run(site, {**survey(site, nowhere), "mirror_report_fetch": fetched}, hosts)
    assert not done.ok and "Traceback" not in done.text, done.text
    fleet(fetched, nowhere)
    summary = done.stats["imageset_summary"]
    told = summary["hosts"]
    assert {name: host["outcome"] for name, host in told.items()} == {
        "first": "complete",
        "second": "complete",
        "no-registry": "failed",
        "no-host": "unfinished",
        "no-destination": "failed",
    }
    assert summary["complete"] is False and (summary["hosts_complete"], summary["hosts_total"]) == (2, 5)
    assert told["first"]["images"] == told["second"]["images"] and summary["images"] == 2 * told["first"]["images"] > 0
    assert told["no-registry"]["reason"].startswith(f"no answer from http://{nowhere}")
    assert told["no-host"]["reason"] == LOST
    assert told["no-destination"]["reason"].startswith("mirror_destination is not set: the mirror registry")
    assert "argument_spec_data" not in done.text

    # Two hosts on one machine have two workspaces, and the one that came to nothing has its report, too.
    places = {
        name: os.path.join(home, "mirror-workspaces", f"{host.replace(':', '_')}+{space}")
        for name, host, space in (
            ("first", site.mirror.host, "first"),
            ("second", site.mirror.host, "second"),
            ("no-registry", nowhere, "ocp"),
        )
    }
    assert {told[name]["results"] for name in ("first", "second")} == {f"{places[name]}/results" for name in ("first", "second")}
    with open(os.path.join(places["no-registry"], "results", "report.html"), encoding="utf-8") as file:
        assert f"no answer from http://{nowhere}" in file.read()

    again = run(site, survey(site), {name: hosts[name] for name in ("first", "second")})
    assert again.ok and again.changed == 0, again.text
    assert again.stats["imageset_summary"]["complete"] is True


def test_the_workspace_of_an_earlier_version_serves_the_destination_that_it_knows(site, home):
    hosts = {"known": {"mirror_destination": f"docker://{site.mirror.host}/known"}}
    old = os.path.join(home, "mirror-workspace")
    assert run(site, {**survey(site), "mirror_workspace": old}, hosts).ok
    hosts["new"] = {"mirror_destination": f"docker://{site.mirror.host}/new"}
    done = run(site, survey(site), hosts)
    assert done.ok, done.text
    told = done.stats["imageset_summary"]["hosts"]
    assert told["known"]["results"] == f"{old}/results" and told["known"]["changed"] is False
    assert told["new"]["results"] == os.path.join(home, "mirror-workspaces", f"{site.mirror.host.replace(':', '_')}+new", "results")

    # The way to a workspace of its own: it is moved, and nothing is read or sent again.
    own = os.path.join(home, "mirror-workspaces", f"{site.mirror.host.replace(':', '_')}+known")
    os.rename(old, own)
    moved = run(site, survey(site), {"known": hosts["known"]})
    told = moved.stats["imageset_summary"]["hosts"]["known"]
    assert moved.ok and told["changed"] is False and told["copied"] == 0 and told["results"] == f"{own}/results", moved.text
    # Only its report says something else, which is no change of the mirror: where its files are now.
    with open(f"{own}/results/report.json", encoding="utf-8") as file:
        assert moved.changed == 0 and f"{own}/" in file.read(), moved.text


def test_vaults_within_lists_are_opened_and_passwords_are_not_shown(site, home, tmp_path):
    canary, password = "canary-5e1f", tmp_path / "vault-password"
    password.write_text("word")
    program("ansible-vault")

    sealed = subprocess.run(
        [program("ansible-vault"), "encrypt_string", "--vault-password-file", str(password), canary, "--name", "password"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    group = tmp_path / "group_vars"
    group.mkdir()
    indented = "".join(f"    {line}\n" for line in sealed.splitlines())
    (group / "all.yml").write_text(
        f"mirror_credentials:\n  - registry: {site.mirror.host}\n    username: me\n{indented}"
        f"mirror_destination_username: me\n"
        f"mirror_destination_{sealed}"
    )
    where = inventory(str(tmp_path), {"here": {"mirror_destination": f"docker://{site.mirror.host}/ocp"}})
    options = ("-i", where, "--vault-password-file", str(password), "-vvvv", "--diff")
    done = play(tmp_path / "play", "disconnected.mirror.mirror_to_mirror", survey(site), *options)
    assert done.ok and canary not in done.text, done.text[-4000:]
    closed = play(tmp_path / "play", "disconnected.mirror.plan", survey(site), "-i", where)
    assert not closed.ok and "mirror_credentials" in closed.text and "Traceback" not in closed.text, closed.text
