# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""mirror_verify: does the mirror hold what the plan says?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED, archive_of, trusted_keys
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import DESTINATION, PLANNING, plan_source
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.verify import VerifyRequest, VerifyRun, verify_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import KINDS
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import LEVELS, MANIFESTS, Part

Params = Mapping[str, Any]

# Entries of lists in a result; the file has all of them.
MAX_LISTED = 20

ARGUMENTS: dict[str, Any] = {
    **PLANNING,
    **DESTINATION,
    "plan": {"type": "path"},
    "level": {"type": "str", "choices": list(LEVELS), "default": MANIFESTS},
    "part": {
        "type": "dict",
        "options": {"number": {"type": "int", "required": True}, "count": {"type": "int", "required": True}},
    },
    "ignore": {"type": "list", "elements": "str", "choices": list(KINDS), "default": []},
    "fail": {"type": "bool", "default": True},
    "repair": {"type": "bool", "default": False},
    "replace_corrupt": {"type": "bool", "default": False},
    "archive": {"type": "str"},
    **TRUSTED,
}


def run(params: Params, check_mode: bool) -> Outcome:
    """mirror_verify."""
    found = verify_mirror(verify_request(params), os.environ, check_mode)
    left = found.left
    return Outcome(
        changed=found.changed,
        values={
            "clean": left.clean and not found.failures,
            "complete": left.complete,
            "images": left.images,
            "blobs": left.blobs,
            "bytes_read": left.bytes_read,
            "counts": left.counts(),
            "findings": [finding.document() for finding in left.findings[:MAX_LISTED]],
            "findings_total": len(left.findings),
            "catalogs": list(found.catalogs[:MAX_LISTED]),
            "repaired": _repaired(found),
            "replaced": list(found.replaced[:MAX_LISTED]),
            "replaced_total": len(found.replaced),
            "result_path": found.path,
        },
        failures=found.failures,
        problem=_problem(found) if params["fail"] else "",
        diff=found.diff,
    )


def verify_request(params: Params) -> VerifyRequest:
    part = params["part"]
    return VerifyRequest(
        planning=plan_source(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        level=params["level"],
        part=Part(part["number"], part["count"]) if part else Part(),
        ignore=frozenset(params["ignore"]),
        repair=params["repair"],
        replace_corrupt=params["replace_corrupt"],
        archive=archive_of(params["archive"]),
        trusted=trusted_keys(params["archive_trusted_keys"]),
    )


def _repaired(found: VerifyRun) -> dict[str, int]:
    repair = found.repair
    return {"images": found.mended, "blobs": repair.blobs if repair else 0, "bytes": repair.size if repair else 0}


def _problem(found: VerifyRun) -> str:
    """A sentence that names what is wrong, empty when nothing is."""
    reasons: list[str] = [finding.message for finding in found.left.findings[:3]]
    total = len(found.left.findings)
    if total:
        more = f"; and {counted(total - 3, 'more finding')}" if total > 3 else ""
        return f"The mirror does not match its plan, {counted(total, 'finding')}: {'; '.join(reasons)}{more}"
    if found.failures:
        return problem_of(found.failures, "What the configuration names")
    return "" if found.left.complete else "The run was stopped before everything was checked."
