# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The workspace: where each thing of a mirror is kept between runs (design, section 6)."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Workspace:
    """Paths below one directory.  Having the value creates nothing; writers create what they write.

    stand_in: a directory that takes its place in check mode, so that steps in a row see what the ones before planned; empty
        for one of each step's own.
    """

    root: str
    stand_in: str = ""

    def path(self, *parts: str) -> str:
        return os.path.join(self.root, *parts)

    @property
    def results(self) -> str:
        """What users read: plan, mapping, cluster resources, report (design, section 2)."""
        return self.path("results")

    @property
    def plan(self) -> str:
        return self.path("results", "plan.json")

    @property
    def incomplete_plan(self) -> str:
        """A later plan than `plan`, in which something could not be resolved; not there when `plan` is the latest."""
        return self.path("results", "plan-incomplete.json")

    @property
    def handed_plan(self) -> str:
        """The latest plan with all that another host needs to carry it out."""
        return self.path("handed-plan.tar")

    @property
    def changes(self) -> str:
        """What the plan changed against the one before it, for the report."""
        return self.path("changes.json")

    @property
    def cluster_resources(self) -> str:
        return self.path("results", "cluster-resources")

    @property
    def release_signatures(self) -> str:
        return self.path("results", "release-signatures")

    @property
    def mapping(self) -> str:
        return self.path("results", "mapping.txt")

    @property
    def pruning_plan(self) -> str:
        """What was, or in check mode would be, deleted."""
        return self.path("results", "pruning-plan.json")

    @property
    def verification(self) -> str:
        """Everything that the last verification found, as JSON."""
        return self.path("results", "verification.json")

    @property
    def delete(self) -> str:
        """Lists of what is to be deleted, for review."""
        return self.path("delete")

    @property
    def report(self) -> str:
        """The value behind the report page, as JSON."""
        return self.path("results", "report.json")

    @property
    def report_page(self) -> str:
        return self.path("results", "report.html")

    @property
    def report_tables(self) -> str:
        """The tables of the report, as CSV and JSON."""
        return self.path("results", "report")

    @property
    def run_log(self) -> str:
        """What the last runs brought and how long they took."""
        return self.path("runs.json")

    @property
    def manifests(self) -> str:
        """Manifests by digest, so that no later step asks for them again."""
        return self.path("manifests")

    @property
    def attachments(self) -> str:
        """What was found attached to images, and when."""
        return self.path("attachments.json")

    @property
    def loading(self) -> str:
        """What the destination lacked when the archive that is being loaded was begun."""
        return self.path("loading.json")

    @property
    def journal(self) -> str:
        return self.path("journal")

    @property
    def request_limits(self) -> str:
        """How large requests to hosts may be."""
        return self.path("request-limits.json")

    @property
    def history(self) -> str:
        return self.path("history")

    @property
    def uid(self) -> str:
        """The identity under which this workspace counts its sequences."""
        return self.path("uid")

    @property
    def charts(self) -> str:
        """Chart archives that were downloaded or came in an archive."""
        return self.path("charts")

    @property
    def content(self) -> str:
        """OCI layouts of what was built here (filtered catalogs, graph image)."""
        return self.path("content")

    @property
    def catalogs(self) -> str:
        """Catalogs that were taken out of their images, by digest, and what came of questions to them."""
        return self.path("catalogs")

    @property
    def catalog_records(self) -> str:
        """Where each channel of a catalog began."""
        return self.path("catalogs", "records.json")

    @property
    def releases(self) -> str:
        """What is known of releases; what lies in it follows."""
        return self.path("releases")

    @property
    def release_graphs(self) -> str:
        return self.path("releases", "graphs")

    @property
    def release_payloads(self) -> str:
        return self.path("releases", "payloads")

    @property
    def release_channels(self) -> str:
        """Where heads-only channels began."""
        return self.path("releases", "channels.json")

    @property
    def release_tags(self) -> str:
        """Digests of releases that were named by tag."""
        return self.path("releases", "tags.json")

    @property
    def signatures(self) -> str:
        """Accepted signatures of releases, a file for each digest."""
        return self.path("signatures")

    @property
    def caches(self) -> tuple[str, ...]:
        """What a run in check mode reads of the user's workspace, and replaces only in its own."""
        return (self.manifests, self.catalogs, self.charts, self.content, self.releases, self.signatures, self.attachments)

    @property
    def lock(self) -> str:
        return self.path("lock")

    @property
    def status(self) -> str:
        """The progress of the run that is under way, as JSON."""
        return self.path("status.json")

    @property
    def last_run(self) -> str:
        """Every image's result of the last run that wrote anywhere, as JSON."""
        return self.path("last-run.json")
