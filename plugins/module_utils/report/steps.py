# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What to do next after this run, with the commands as they are typed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import age, counted
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import CARRIED_OUT, LISTED, PREDICTED, Records

# Playbooks of the collection that commands name.
MIRROR, TO_DISK, FROM_DISK, VERIFY, CLUSTER = "mirror_to_mirror", "mirror_to_disk", "disk_to_mirror", "verify", "cluster"
_APPLIED_APART = "updateService.yaml"


@dataclass(frozen=True)
class Step:
    """due: to be done because of this run, and not only possible.  kind: what it is about, for marks and tests.

    files: names, sizes, and checksums as hexadecimal digits, empty for none.
    """

    kind: str
    title: str
    text: str
    commands: tuple[str, ...] = ()
    files: tuple[tuple[str, int, str], ...] = ()
    due: bool = False

    def document(self) -> dict[str, Any]:
        files = [{"name": name, "size": size, "checksum": checksum} for name, size, checksum in self.files]
        return {**asdict(self), "commands": list(self.commands), "files": files}


def steps(records: Records, verified: Mapping[str, Any] | None) -> list[Step]:
    """The most urgent first.  verified: see `verification`."""
    run = records.run
    found = [
        _again(records, run),
        _carry(run),
        _apply(records, run),
        _verify(records, run, verified),
        _pruned(records, run),
        _back(records, run),
    ]
    return sorted((step for step in found if step is not None), key=lambda step: not step.due)


def command(playbook: str, **variables: str) -> str:
    """Of one of the collection's playbooks."""
    given = [f"-e {shlex.quote(f'{name}={value}')}" for name, value in variables.items() if value]
    return " ".join(("ansible-playbook", f"disconnected.mirror.{playbook}", *given))


def _again(records: Records, run: Run | None) -> Step | None:
    failures = len((records.result or {}).get("failures") or records.plan.failures)
    if run is None:
        return Step("run", "Mirror what is planned", "The plan has not been carried out yet.", (_command(records, MIRROR),), due=True)
    if run.state == "complete" and not records.planned_anew:
        return None
    if records.planned_anew and run.state == "complete":
        return Step("run", "Carry out the newer plan", "It was made after this run.", (_of(records, run),), due=True)
    text = f"{counted(failures, 'failure')} above. What arrived is kept; a further run moves only what is missing."
    return Step("run", "Correct what failed, and run again", text, (_of(records, run),), due=True)


def _of(records: Records, run: Run) -> str:
    """The command that this run was."""
    if run.workflow == TO_DISK:
        return command(TO_DISK, mirror_workspace=records.root, mirror_archive=run.destination)
    if run.workflow == FROM_DISK:
        return command(
            FROM_DISK, mirror_workspace=records.root, mirror_archive="file:///media/archives", mirror_destination=run.destination
        )
    return command(MIRROR, mirror_workspace=records.root, mirror_destination=run.destination)


def _command(records: Records, playbook: str) -> str:
    return command(playbook, mirror_workspace=records.root)


def _carry(run: Run | None) -> Step | None:
    if run is None or run.archive is None or not run.archive.identity:
        return None
    archive = run.archive
    before = f" It follows sequence {archive.sequence - 1}, which must be loaded before it." if archive.sequence > 1 else ""
    also = f" Carry {archive.checksums} with its files: the first command compares them there." if archive.checksums else ""
    return Step(
        "carry",
        f"Carry archive {archive.sequence} to the other side",
        f"Its identity is {archive.identity}, by which every byte is checked before anything is loaded.{before}{also}",
        (
            *([f"cd /media/archives && sha256sum -c {shlex.quote(archive.checksums)}"] if archive.checksums else []),
            "ansible localhost -m disconnected.mirror.archive_info -a path=/media/archives",
            command(
                FROM_DISK,
                mirror_workspace="/srv/mirror",
                mirror_archive="file:///media/archives",
                mirror_destination="docker://REGISTRY/NAMESPACE",
            ),
        ),
        tuple((os.path.join(archive.folder, volume.name), volume.size, volume.checksum) for volume in archive.volumes),
        due=run.changed,
    )


def _apply(records: Records, run: Run | None) -> Step | None:
    if run is None or not records.resources or run.workflow == TO_DISK:
        return None
    fresh = [file for file in records.resources if file.time >= run.began - 1]
    folder = os.path.join(records.root, "results", "cluster-resources")
    text = (
        f"{counted(len(fresh), 'file')} changed in this run."
        if fresh
        else "No file changed in this run: clusters that have them need nothing."
    )
    text += " The playbook says before which nodes it drains; oc apply does the same without a word."
    if any(file.name == _APPLIED_APART for file in records.resources):
        text += f" With oc apply, {_APPLIED_APART} needs the OpenShift Update Service operator on the cluster."
    return Step(
        "apply",
        "Apply the resources to the clusters",
        text,
        (command(CLUSTER, cluster_path=folder), f"oc apply -f {shlex.quote(folder)}"),
        tuple((file.name, file.size, "") for file in records.resources),
        due=bool(fresh),
    )


def _verify(records: Records, run: Run | None, verified: Mapping[str, Any] | None) -> Step | None:
    if run is None or run.workflow == TO_DISK:
        return None
    due = verified is None or not verified["clean"] or verified["before_run"]
    text = "Compares the mirror with the plan, tag by tag and blob by blob, and changes nothing."
    if verified is not None and not verified["clean"]:
        text = "The last one found differences. With mirror_verify_repair=true they are repaired."
    line = command(VERIFY, mirror_workspace=records.root, mirror_destination=run.destination, mirror_verify_level="blobs")
    if verified is not None and not verified["clean"]:
        line += " -e mirror_verify_repair=true"
    return Step("verify", "Verify the mirror", text, (line,), due=due)


def _pruned(records: Records, run: Run | None) -> Step | None:
    if run is None or run.workflow == TO_DISK or records.pruning is None:
        return None
    found = pruning(records.pruning)
    path = os.path.join(records.root, "results", "pruning-plan.json")
    title, said = _PRUNING.get(found["state"], _PRUNING[""])
    text = said.format(manifests=counted(found["manifests"] - found["left"], "manifest"), age=age(records.now - records.pruned))
    left = f" {counted(found['left'], 'more manifest')} could not be deleted." if found["left"] else ""
    due = records.pruned >= run.began - 1 and (found["state"] == LISTED or bool(left))
    return Step("prune", title, f"{text}{left} The file names each.", (f"cat {shlex.quote(path)}",), due=due)


# By the state of the pruning plan.
_PRUNING = {
    PREDICTED: ("Look at what would be pruned", "Check mode listed {manifests} that a run would delete, {age}. It deleted nothing."),
    LISTED: ("Look at what was not pruned", "A run wanted to delete {manifests}, {age}, and did not: a limit stopped it, or it was ended."),
    CARRIED_OUT: ("Look at what was pruned", "A run deleted {manifests}, {age}."),
    # Of a version that did not say.
    "": ("Look at what was pruned, or would be", "A run or check mode listed {manifests}, {age}."),
}


def pruning(document: Mapping[str, Any]) -> dict[str, Any]:
    """manifests: that the pruning plan lists.  state: see `records`; empty for one of version 0.1.0, which does not say.

    left: how many of them could not be deleted.
    """
    manifests = sum(len(repository.get("manifests") or ()) for repository in document.get("repositories") or ())
    return {"manifests": manifests, "state": str(document.get("state") or ""), "left": int(document.get("left") or 0)}


def _back(records: Records, run: Run | None) -> Step | None:
    """To what the plan before this one said."""
    if run is None or run.workflow == FROM_DISK:
        return None
    if len(records.pins) > 1:
        path = os.path.join(records.root, "results", records.pins[-2])
        text = "This configuration names the catalogs of before by digest. Prune nothing until the clusters follow it."
        target = {"mirror_archive": run.destination} if run.workflow == TO_DISK else {"mirror_destination": run.destination}
        playbook = TO_DISK if run.workflow == TO_DISK else MIRROR
        return Step("back", "Roll back", text, (command(playbook, mirror_workspace=records.root, mirror_config=path, **target),))
    text = (
        "Mirror the configuration of before, from version control: what was not pruned is there and is not copied again. "
        "Clusters do not go back to an older release."
    )
    return Step("back", "Roll back", text)
