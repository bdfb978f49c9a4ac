# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The value behind the report page: everything worth knowing about one run, bounded in size (user-needs B11).

The page is a template of the role; it computes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.forecast import Forecast, Share, forecast, top
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.report.excerpt import excerpt
from ansible_collections.disconnected.mirror.plugins.module_utils.report.signed_images import Signed, signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

SCHEMA = "disconnected.mirror/report/1"

# A page that opens at once: lists are cut, and say so.
MOST_IMAGES = 500
MOST_SHARES = 12
MOST_PACKAGES = 400


def summary(
    plan: Plan,
    shelf: Shelf,
    workflow: str = "",
    destination: str = "",
    generated: str = "",
    result: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The JSON value of a report.

    generated: the time, as text, given by the caller.  result: the document of a `TransferResult`; None before a run.
    changes: from the plan before to this one (`report.changes`); None for the first one.
    """
    sums = _forecast(plan, shelf)
    signed = signatures(plan, shelf)
    failures = _failures(plan, result)
    return {
        "schema": SCHEMA,
        "workflow": workflow,
        "destination": destination,
        "generated": generated,
        "state": _state(failures, result),
        "counts": _counts(plan, signed, failures, result),
        "outcome": _outcome(result),
        "sizes": _sizes(sums, plan),
        "releases": _releases(plan),
        "catalogs": [_catalog(catalog) for catalog in plan.catalogs],
        "charts": [dict(chart) for chart in plan.charts],
        "signatures": {"signed": signed.signed, "unsigned": excerpt(signed.unsigned), "attachments": signed.attachments},
        "images": _images(plan, result),
        "failures": excerpt(failures),
        "warnings": excerpt(plan.warnings),
        "changes": changes,
    }


def _forecast(plan: Plan, shelf: Shelf) -> Forecast | None:
    try:
        return forecast(plan, shelf)
    except NotFound:
        return None


def _state(failures: Sequence[object], result: Mapping[str, Any] | None) -> str:
    """planned, complete, incomplete or cancelled."""
    if result is None:
        return "incomplete" if failures else "planned"
    if result.get("cancelled"):
        return "cancelled"
    return "complete" if result.get("complete") and not failures else "incomplete"


def _counts(plan: Plan, signed: Signed, failures: Sequence[object], result: Mapping[str, Any] | None) -> dict[str, int]:
    """Images are those of the run, attachments among them; before a run those of the plan."""
    return {
        "images": result["counts"]["images_total"] if result is not None else len(plan.images),
        "attachments": signed.attachments,
        "releases": len(plan.releases),
        "packages": sum(len(catalog.get("packages") or ()) for catalog in plan.catalogs),
        "catalogs": len(plan.catalogs),
        "charts": len(plan.charts),
        "failures": len(failures),
        "warnings": len(plan.warnings),
    }


def _outcome(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if result is None:
        return None
    return {
        "counts": dict(result.get("counts") or {}),
        "duration": result.get("duration", 0),
        "changed": bool(result.get("changed")),
        "requests": {end: dict(methods) for end, methods in (result.get("requests") or {}).items()},
    }


def _sizes(sums: Forecast | None, plan: Plan) -> dict[str, Any]:
    """Without manifests only the sum over images is known, in which shared layers count often."""
    if sums is None:
        return {"total": sum(image.size for image in plan.images), "blobs": 0, "exact": False, "parts": []}
    parts = (
        ("by source", sums.by_source),
        ("by type", sums.by_category),
        ("by operator", sums.by_operator),
        ("by architecture", sums.by_architecture),
    )
    return {
        "total": sums.store,
        "blobs": sums.blobs,
        "exact": True,
        "parts": [
            {"name": name, "shares": _shares(shares, sums.store), "more": max(0, len(shares) - MOST_SHARES)}
            for name, shares in parts
            if shares
        ],
    }


def _shares(shares: Mapping[str, Share], total: int) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "images": share.images,
            "size": share.size,
            "marginal": share.marginal,
            "percent": round(100 * share.size / total, 1) if total else 0.0,
        }
        for name, share in top(dict(shares), MOST_SHARES)
    ]


def _releases(plan: Plan) -> list[dict[str, Any]]:
    """Channels with their versions, in the plan's order."""
    channels: dict[Any, dict[str, Any]] = {}
    for release in plan.releases:
        place = (str(release.get("channel") or ""), str(release.get("architecture") or ""))
        entry = channels.setdefault(place, {"channel": place[0], "architecture": place[1], "versions": []})
        entry["versions"].append({"version": str(release.get("version") or ""), "payload": str(release.get("payload") or "")})
    return [channels[place] for place in sorted(channels)]


def _catalog(catalog: Mapping[str, Any]) -> dict[str, Any]:
    packages = list(catalog.get("packages") or ())
    return {
        "catalog": str(catalog.get("catalog") or ""),
        "digest": str(catalog.get("digest") or ""),
        "packages": [_package(package) for package in packages[:MOST_PACKAGES]],
        "more": max(0, len(packages) - MOST_PACKAGES),
    }


def _package(package: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(package.get("name") or ""),
        "default_channel": str(package.get("default_channel") or ""),
        "channels": [
            {"name": str(channel.get("name") or ""), "head": str(channel.get("head") or "")} for channel in package.get("channels") or ()
        ],
    }


def _images(plan: Plan, result: Mapping[str, Any] | None) -> dict[str, Any]:
    """The largest images first, attachments left out."""
    outcomes = {(entry["origin"], entry["digest"], tuple(entry["tags"])): entry["outcome"] for entry in (result or {}).get("images") or ()}
    images = sorted((image for image in plan.images if not image.subject), key=lambda image: (-image.size, image.origin, image.destination))
    return {"listed": [_image(image, outcomes) for image in images[:MOST_IMAGES]], "more": max(0, len(images) - MOST_IMAGES)}


def _image(image: PlanImage, outcomes: Mapping[Any, str]) -> dict[str, Any]:
    return {
        "origin": image.origin,
        "destination": image.destination,
        "tags": list(image.tags),
        "digest": image.digest,
        "size": image.size,
        "category": CATEGORIES.get(image.type, image.type),
        "platforms": list(image.platforms),
        "why": [" > ".join(chain) for chain in image.why[:3]],
        "outcome": outcomes.get((image.origin, image.digest, image.tags), ""),
    }


def _failures(plan: Plan, result: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Of the run, which has those of planning among them; before a run those of the plan."""
    return list(result["failures"]) if result is not None else [failure.document() for failure in plan.failures]
