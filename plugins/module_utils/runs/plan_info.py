# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Questions in JMESPath to the documents that a workspace keeps; answered where they lie, since results of tasks are cut to a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import latest_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys

PLAN, LAST_RUN, VERIFICATION, REPORT, ARCHIVE = "plan", "last_run", "verification", "report", "archive"
DOCUMENTS = (PLAN, LAST_RUN, VERIFICATION, REPORT, ARCHIVE)
# Nobody writes a longer one by hand.
_LONGEST_QUERY = 4096
_MADE_BY = {
    PLAN: "Make one with imageset_plan.",
    LAST_RUN: "image_mirror leaves one when it has mirrored something.",
    VERIFICATION: "mirror_verify leaves one.",
    REPORT: "mirror_report leaves one.",
}


@dataclass(frozen=True)
class Question:
    """document: one of DOCUMENTS.  workspace: that keeps it; path: the file itself instead, or the archives of a folder.

    query: in JMESPath; empty for the whole document.  most: bytes that the answer may have as JSON.
    trusted: keys that must have signed archives, None for none.
    """

    document: str
    workspace: Workspace | None = None
    path: str = ""
    query: str = ""
    most: int = 256 * 1024
    trusted: TrustedKeys | None = None


def answer(question: Question) -> Any:
    """Writes nothing and asks nobody else.

    Raises InputError (the question, an answer that is too long), NotFound (no such document), Unsupported (no jmespath), StorageError, and
    what archives raise.
    """
    document = _document(question)
    found = _search(question.query, document) if question.query else document
    size = len(files.json_bytes(found))
    if size > question.most:
        raise InputError(
            f"the answer has {size} bytes and {question.most} are allowed",
            subject="query",
            advice="Ask for less, such as the first ones with [:20], or for some members with .{name: name}; or raise max_bytes.",
        )
    return found


def path_of(question: Question) -> str:
    """Where the document lies.  Raises InputError when nothing says so."""
    if question.path:
        return question.path
    workspace = question.workspace
    if workspace is None or question.document == ARCHIVE:
        what = "the directory of archives" if question.document == ARCHIVE else "a workspace, or the file itself"
        raise InputError(f"nothing says where the {question.document} is", subject="path", advice=f"Name {what}.")
    places = {
        PLAN: latest_path(workspace) or workspace.plan,
        LAST_RUN: workspace.last_run,
        VERIFICATION: workspace.verification,
        REPORT: workspace.report,
    }
    return places[question.document]


def _document(question: Question) -> Any:
    path = path_of(question)
    if question.document == ARCHIVE:
        return {"archives": describe(path, question.trusted, check=False, images=True)}
    try:
        return files.read_json(path)
    except FileNotFoundError:
        raise NotFound(f"there is no {path}", subject=path, advice=_MADE_BY[question.document]) from None


def _search(query: str, document: Any) -> Any:
    try:
        import jmespath
    except ImportError as error:
        raise Unsupported(
            "a query needs the Python library jmespath, which is not installed",
            subject="query",
            advice="Install jmespath for the Python that runs the module (python3-jmespath in distributions), or leave query out.",
        ) from error
    if len(query) > _LONGEST_QUERY:
        raise InputError(f"the query has {len(query)} characters and {_LONGEST_QUERY} are allowed", subject="query")
    try:
        return jmespath.search(query, document)
    except (jmespath.exceptions.JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise _wrong(query, error) from error


def _wrong(query: str, error: Exception) -> MirrorError:
    lines = str(error).strip().splitlines() or ["it nests too deep"]
    where = f" {' '.join(lines[-1].split())}" if len(lines) > 1 and lines[-1].strip() != "^" else ""
    return InputError(
        f"{query!r:.200} is not a JMESPath expression: {lines[0]}{where}",
        subject="query",
        advice="Write strings in single quotes and numbers in backticks; see https://jmespath.org for the language.",
    )
