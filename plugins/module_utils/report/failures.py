# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What failed, by the kind of failure: what each kind means, what to do about it, and where the guide tells more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import fault_of

# Of one kind; the tables beside the report have all.
MOST_LISTED = 50
GUIDE = "guide_troubleshooting"


@dataclass(frozen=True)
class Kind:
    """title: what happened, for a heading.  advice: what to do; empty where only the message can say."""

    title: str
    advice: str


_SOURCES = "mirror_graph_data, mirror_graph_base and mirror_update_url select other sources."
# By code (`base.errors`); guide_troubleshooting.rst has an entry for each.
KINDS: dict[str, Kind] = {
    "access_denied": Kind(
        "Access was refused",
        "Log in again, or correct the entry in the auth file. Some registries answer like this for names that do not exist.",
    ),
    "api_request_error": Kind("The update service refused the request", _SOURCES),
    "cancelled": Kind("The run was stopped", "Run it again; what is done so far is kept."),
    "cluster_error": Kind("A cluster refused the request", "The message quotes it; rights of the account are the usual reason."),
    "conflict": Kind("Somebody else owns it, or changed it meanwhile", "Look at who manages the field, then run again."),
    "corrupt_content": Kind(
        "Content does not match its digest",
        "The source or the archive is damaged, and nothing of it was published. Transfer the archive again, or tell its owner.",
    ),
    "error": Kind("Something else went wrong", "The message says what."),
    "exception_ended": Kind(
        "An exception has expired", "Renew the entry in mirror_catalog_exceptions, or leave the bundle out of the image set."
    ),
    "graph_data_invalid": Kind("The update graph cannot be used", _SOURCES),
    "incompatible": Kind("A plan, history or archive does not fit", "The message says which one is expected."),
    "invalid_configuration": Kind("The configuration cannot be used", "Correct the key that the message names. No host was contacted."),
    "invalid_input": Kind("An option or a name cannot be used", "Correct what the message names."),
    "invalid_version_filter": Kind("The version filter is no expression", "Correct VERSION_FILTER, or unset it."),
    "locked": Kind(
        "Another run uses the workspace", "Wait for it, or stop that process. The lock of a process that died is released by itself."
    ),
    "no_graph_data": Kind("There is no update graph", "Plan once with the update service at hand, or give mirror_graph_data."),
    "no_update_path": Kind("No update leads there", "Widen the bounds of the channel; release_info lists versions and paths."),
    "no_versions_found": Kind(
        "The channel has no such version", "Check the channel, its bounds and the architecture; release_info lists them."
    ),
    "not_found": Kind("The source does not have it", "Correct the name, or accept the loss with mirror_allow_failures."),
    "registry_error": Kind("A registry answered with an error", "The message quotes it. Full disks and quotas look like this."),
    "release_error": Kind("A release cannot be used", "The message says what was read, and where."),
    "release_payload_invalid": Kind("A release image is not what it should be", "The message says what was read, and where."),
    "signature_invalid": Kind(
        "A signature is wrong", "Do not use the image before you know why; the message says whose signature was expected."
    ),
    "signature_missing": Kind("A signature is missing", "Check the rules for releases and catalogs, or ask the publisher."),
    "storage_error": Kind(
        "A local file could not be read or written", "Free space, or correct permissions, and run again: it resumes where it stopped."
    ),
    "unreachable": Kind(
        "A host did not answer",
        "Check name, network, proxy and TLS: plain_http or ca_path in mirror_tls. Then run again: it resumes where it stopped.",
    ),
    "unsupported": Kind("It is not possible here", "The message says what to use instead."),
    "version_not_found": Kind("The graph has no such version", "Take one of those that the message names."),
}


def grouped(failures: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """groups: the largest first; in each, a failure for every fault, with `more` for others that it caused.  total: of all."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for failure in failures:
        found.setdefault(str(failure.get("code") or "error"), []).append(failure)
    groups = [_group(code, listed) for code, listed in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))]
    return {"total": sum(group["total"] for group in groups), "groups": groups}


def _group(code: str, listed: list[Mapping[str, Any]]) -> dict[str, Any]:
    kind = KINDS.get(code, KINDS["error"])
    return {
        "code": code,
        "title": kind.title,
        "advice": kind.advice,
        "guide": f"{GUIDE}, {code}",
        "total": len(listed),
        "listed": [{**same[0], **({"more": len(same) - 1} if same[1:] else {})} for same in _faults(listed)[:MOST_LISTED]],
    }


def _faults(listed: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """One entry for each fault: many objects fail because of one host."""
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for failure in listed:
        found.setdefault(fault_of(failure), []).append(failure)
    return list(found.values())
