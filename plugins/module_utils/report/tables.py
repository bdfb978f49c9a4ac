# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The tables of a report for other programs: each as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text import shown

# What spreadsheets take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Rows = Sequence[Mapping[str, Any]]


def tables(report: Mapping[str, Any], images: Rows, failures: Rows) -> dict[str, bytes]:
    """Content of each file by name.  report: the value of `summary`.  images, failures: all of them, more than a page may have."""
    found: dict[str, Rows] = {
        "images": images,
        "operators": _operators(report),
        "releases": _releases(report),
        "failures": failures,
        "runs": [
            {**run, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run["time"])), "archive": ""} for run in report["history"]
        ],
    }
    written = {f"{name}.json": files.json_bytes(list(rows)) for name, rows in found.items()}
    return {**written, **{f"{name}.csv": comma_separated(rows) for name, rows in found.items()}}


def comma_separated(rows: Rows) -> bytes:
    """A header and a line for each row; texts that a spreadsheet would run as a formula get an apostrophe in front."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(name) for name in names])
    for row in rows:
        writer.writerow([_cell(row.get(name, "")) for name in names])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> str | int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = shown.line("; ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _operators(report: Mapping[str, Any]) -> Rows:
    """A line for each channel."""
    return [
        {
            "catalog": catalog["catalog"],
            "operator": package["name"],
            "channel": channel["name"],
            "default": channel["name"] == package["default_channel"],
            "head": channel["head"],
            "bundles": channel["kept"],
            "bundles_in_catalog": channel["of"],
            "wanted": package["wanted"],
        }
        for catalog in report["catalogs"]
        for package in catalog["packages"]
        for channel in package["channels"]
    ]


def _releases(report: Mapping[str, Any]) -> Rows:
    return [
        {"channel": channel["channel"], "architecture": channel["architecture"], **version}
        for channel in report["releases"]
        for version in channel["versions"]
    ]
