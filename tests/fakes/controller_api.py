# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the API of AWX: objects in memory, with the rules of the real one that the collection's data must keep.

with ControllerApi(playbooks=["playbooks/plan.yml"]) as api:
    api.environment   # what awx.awx reads to reach it
    api.writes        # every request that changed something: (method, path)
    api.objects["job_templates"]
    api.launched      # names of the workflows that were started; they end at once

It knows the kinds of objects in KINDS and refuses everything else: unknown fields, names that are taken, references to what is
not there, questions of surveys in a wrong form, values that a template would not ask for.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

USER, PASSWORD, TOKEN = "admin", "controller-password-3f1c", "controller-token-9b27"
HIDDEN = "$encrypted$"
_ASKS = ("inventory", "limit", "scm_branch", "tags", "skip_tags", "job_type", "verbosity", "diff_mode", "variables", "credential", "labels")
_EVENTS = ("started", "success", "error")


@dataclass(frozen=True)
class Kind:
    """type: of its objects.  fields: with their defaults.  links: fields that hold the id of an object of that kind.

    associations: lists of other objects, by the kind of those.  unique: fields that no two objects share.
    """

    type: str
    fields: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    associations: Mapping[str, str] = field(default_factory=dict)
    unique: Sequence[str] = ("name", "organization")


def _notified(*events: str) -> dict[str, str]:
    return {f"notification_templates_{event}": "notification_templates" for event in events}


_SURVEYED = {"survey_enabled": False, "allow_simultaneous": False, "extra_vars": "", **{f"ask_{ask}_on_launch": False for ask in _ASKS}}
_OWNED = {"organization": "organizations"}
_PROMPTED = {
    "extra_data": {},
    "inventory": None,
    "limit": None,
    "job_type": None,
    "diff_mode": None,
    "verbosity": None,
    "unified_job_template": None,
}
_NODES = "workflow_job_template_nodes"
KINDS = {
    "organizations": Kind("organization", {"max_hosts": 0}, associations=_notified(*_EVENTS, "approvals"), unique=("name",)),
    "credential_types": Kind(
        "credential_type", {"kind": None, "inputs": {}, "injectors": {}, "managed": False, "namespace": None}, unique=("name", "kind")
    ),
    "credentials": Kind("credential", {"inputs": {}}, {**_OWNED, "credential_type": "credential_types"}),
    "execution_environments": Kind(
        "execution_environment", {"image": None, "pull": ""}, {**_OWNED, "credential": "credentials"}, unique=("name",)
    ),
    "projects": Kind(
        "project",
        {
            **dict.fromkeys(("scm_type", "scm_url", "scm_branch", "scm_refspec", "scm_revision", "local_path"), ""),
            **dict.fromkeys(("scm_clean", "scm_delete_on_update", "scm_update_on_launch", "allow_override"), False),
        },
        {**_OWNED, "credential": "credentials", "default_environment": "execution_environments"},
        _notified(*_EVENTS),
    ),
    "inventories": Kind("inventory", {"kind": "", "host_filter": None, "variables": ""}, _OWNED),
    "inventory_sources": Kind(
        "inventory_source",
        {"source": "", "source_path": "", "source_vars": "", "overwrite": False, "overwrite_vars": False, "update_on_launch": False},
        {"inventory": "inventories", "source_project": "projects", "credential": "credentials"},
        _notified(*_EVENTS),
        ("name", "inventory"),
    ),
    "notification_templates": Kind(
        "notification_template", {"notification_type": None, "notification_configuration": {}, "messages": None}, _OWNED
    ),
    "job_templates": Kind(
        "job_template",
        {**_SURVEYED, "job_type": "run", "playbook": "", "forks": 0, "limit": "", "verbosity": 0, "diff_mode": False, "timeout": 0},
        {**_OWNED, "inventory": "inventories", "project": "projects", "execution_environment": "execution_environments"},
        {"credentials": "credentials", **_notified(*_EVENTS)},
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template", {**_SURVEYED, "limit": None}, _OWNED, _notified(*_EVENTS, "approvals"), ("name", "organization")
    ),
    _NODES: Kind(
        "workflow_job_template_node",
        {**_PROMPTED, "identifier": "", "all_parents_must_converge": False},
        {"workflow_job_template": "workflow_job_templates"},
        {f"{when}_nodes": _NODES for when in ("success", "failure", "always")},
        ("identifier", "workflow_job_template"),
    ),
    "workflow_approval_templates": Kind("workflow_approval_template", {"timeout": 0}, unique=()),
    "schedules": Kind("schedule", {**_PROMPTED, "rrule": "", "enabled": True}, unique=("name", "unified_job_template")),
}
# Whose objects a workflow or a schedule can start.
STARTED = ("job_templates", "projects", "inventory_sources", "workflow_job_templates", "workflow_approval_templates")
_WEBHOOK = {"url", "http_method", "headers", "disable_ssl_verification", "username", "password"}
_QUESTIONS = {"text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"}


class Refused(Exception):
    """status and document: the answer."""

    def __init__(self, status: int, **document: Any) -> None:
        super().__init__(status, document)
        self.status, self.document = status, document


class ControllerApi:
    """playbooks: of every project.  objects: by kind, as the API shows them."""

    def __init__(self, playbooks: Sequence[str] = ()) -> None:
        self.playbooks = list(playbooks)
        self.objects: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
        self.surveys: dict[str, dict[str, Any]] = {}
        self.writes: list[tuple[str, str]] = []
        self.launched: list[str] = []
        self._associated: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._last = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.create("organizations", {"name": "Default"})
        managed = {"managed": True, "kind": "cloud", "namespace": "controller"}
        self.create("credential_types", {"name": "Red Hat Ansible Automation Platform", **managed})

    def __enter__(self) -> ControllerApi:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        host = f"http://127.0.0.1:{self._server.server_port}"
        return {"CONTROLLER_HOST": host, "CONTROLLER_USERNAME": USER, "CONTROLLER_PASSWORD": PASSWORD}

    def one(self, kind: str, name: str) -> dict[str, Any]:
        return next(item for item in self.objects[kind] if name in (item["name"], item.get("identifier")))

    def associated(self, kind: str, name: str, association: str) -> list[str]:
        """Names of the objects in a list of an object."""
        ids = self._associated.get(f"{kind}/{self.one(kind, name)['id']}/{association}", [])
        other = KINDS[kind].associations[association]
        return [item.get("identifier") or item["name"] for item in self.objects[other] if item["id"] in ids]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """path: with its query, below /api/v2/."""
        parts = urlsplit(path)
        words = parts.path.strip("/").split("/")
        with self._lock:
            if method != "GET":
                self.writes.append((method, parts.path))
            if words[0] == "unified_job_templates":
                return 200, _page(self._found([item for kind in STARTED for item in self.objects[kind]], dict(parse_qsl(parts.query))))
            if words[0] == "config":
                return 200, {"version": "24.6.1"}
            if words[0] == "workflow_jobs":
                return 200, {"id": int(words[1]), "url": f"/api/v2/workflow_jobs/{words[1]}/", "status": "successful", "artifacts": {}}
            if words[0] not in KINDS:
                raise Refused(404, detail=f"no such kind: {words[0]}")
            if len(words) == 1:
                if method == "GET":
                    return 200, _page(self._found(self.objects[words[0]], dict(parse_qsl(parts.query))))
                return 201, self._shown(words[0], self.create(words[0], body))
            return self._item(method, words, body)

    def create(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._last += 1
        made = {"name": "", "description": "", **KINDS[kind].fields, **dict.fromkeys(KINDS[kind].links)}
        item = {**made, "id": self._last, "type": KINDS[kind].type, "url": f"/api/v2/{kind}/{self._last}/", "summary_fields": {}}
        item["related"] = {}
        if "survey_enabled" in made:
            item["related"] = {name: f"{item['url']}{name}/" for name in ("survey_spec", "launch")}
        self._change(kind, item, body)
        self.objects[kind].append(item)
        return item

    def _item(self, method: str, words: list[str], body: Any) -> tuple[int, Any]:
        kind = words[0]
        item = next((item for item in self.objects[kind] if str(item["id"]) == words[1]), None)
        if item is None:
            raise Refused(404, detail="Not found.")
        if len(words) == 3:
            return self._below(method, kind, item, words[2], body)
        if method == "PATCH":
            self._change(kind, item, body)
        elif method == "DELETE":
            self.objects[kind].remove(item)
            return 204, None
        return 200, self._shown(kind, item)

    def _below(self, method: str, kind: str, item: dict[str, Any], word: str, body: Any) -> tuple[int, Any]:
        place = f"{kind}/{item['id']}/{word}"
        if word == "survey_spec" and "survey_spec" in item["related"]:
            if method == "POST":
                _check_survey(body)
                self.surveys[place] = body
                return 200, None
            return 200, self.surveys.get(place, {})
        if word == "launch" and kind == "workflow_job_templates":
            self.launched.append(item["name"])
            return 201, {"id": len(self.launched), "url": f"/api/v2/workflow_jobs/{len(self.launched)}/"}
        if word == "create_approval_template" and kind == _NODES:
            made = self.create("workflow_approval_templates", body)
            item["unified_job_template"] = made["id"]
            item["related"]["unified_job_template"] = made["url"]
            return 201, made
        if word not in KINDS[kind].associations:
            raise Refused(404, detail=f"no such list: {word}")
        ids, others = self._associated.setdefault(place, []), self.objects[KINDS[kind].associations[word]]
        if method == "GET":
            return 200, _page([other for other in others if other["id"] in ids])
        if body.get("disassociate"):
            ids.remove(body["id"])
            return 204, None
        added = next((other for other in others if other["id"] == body["id"]), None)
        if added is None:
            raise Refused(400, detail="no such object")
        if word == "credentials" and any(other["credential_type"] == added["credential_type"] for other in others if other["id"] in ids):
            raise Refused(400, detail="Cannot assign multiple credentials of one type.")
        ids.append(added["id"])
        return 204, None

    def _change(self, kind: str, item: dict[str, Any], body: Mapping[str, Any]) -> None:
        known = {"name", "description", "type", *KINDS[kind].fields, *KINDS[kind].links}
        if set(body) - known:
            raise Refused(400, detail=f"unknown fields: {sorted(set(body) - known)}")
        new = {**item, **{key: value for key, value in body.items() if key != "type"}}
        new = {key: item[key] if value is None and isinstance(item[key], str) and key != "name" else value for key, value in new.items()}
        for key, other in KINDS[kind].links.items():
            if new[key] is not None and all(one["id"] != new[key] for one in self.objects[other]):
                raise Refused(400, **{key: [f"no such object: {new[key]}"]})
        unique = KINDS[kind].unique
        if unique and any(other is not item and all(other[key] == new[key] for key in unique) for other in self.objects[kind]):
            raise Refused(400, __all__=[f"{KINDS[kind].type} with this {', '.join(unique)} already exists"])
        check = getattr(self, f"_check_{kind}", None)
        if check is not None:
            check(new)
        if kind == "projects" and new["scm_url"] and not new["scm_revision"]:
            new["scm_revision"] = "0" * 40
        item.update(new)

    def _shown(self, kind: str, item: dict[str, Any]) -> dict[str, Any]:
        owner = next((each["name"] for each in self.objects["organizations"] if each["id"] == item.get("organization")), None)
        shown = {**item, "summary_fields": {"organization": {"name": owner}} if owner else {}}
        if kind == "credentials":
            secret = {each["id"] for each in self._fields(item) if each.get("secret")}
            shown["inputs"] = {key: HIDDEN if key in secret and value else value for key, value in item["inputs"].items()}
        if kind == "notification_templates" and item["notification_configuration"].get("password"):
            shown["notification_configuration"] = {**item["notification_configuration"], "password": HIDDEN}
        return shown

    def _found(self, items: Sequence[dict[str, Any]], wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        found = []
        for item in items:
            either = [str(item.get(key[4:])) == value for key, value in wanted.items() if key.startswith("or__")]
            exact = [str(item.get(key)) == value for key, value in wanted.items() if not key.startswith("or__")]
            if all(exact) and (any(either) or not either):
                kind = next(kind for kind in KINDS if KINDS[kind].type == item["type"])
                found.append(self._shown(kind, item))
        return found

    def _fields(self, credential: Mapping[str, Any]) -> list[dict[str, Any]]:
        kind = next(item for item in self.objects["credential_types"] if item["id"] == credential["credential_type"])
        return kind["inputs"].get("fields", [])

    def _check_credentials(self, new: Mapping[str, Any]) -> None:
        kind = next(item for item in self.objects["credential_types"] if item["id"] == new["credential_type"])
        known = {each["id"] for each in self._fields(new)}
        if set(new["inputs"]) - known:
            raise Refused(400, inputs=[f"unknown: {sorted(set(new['inputs']) - known)}"])
        missing = [name for name in kind["inputs"].get("required", []) if not new["inputs"].get(name)]
        if missing:
            raise Refused(400, inputs=[f"missing: {missing}"])

    def _check_credential_types(self, new: Mapping[str, Any]) -> None:
        if new["managed"]:
            return
        if new["kind"] not in ("net", "cloud"):
            raise Refused(400, kind=["must be net or cloud"])
        fields = {each["id"]: "example" for each in new["inputs"].get("fields", [])}
        for values in new["injectors"].values():
            for value in values.values():
                try:
                    inject(value, fields)
                except Exception as error:
                    raise Refused(400, injectors=[str(error)]) from None

    def _check_notification_templates(self, new: Mapping[str, Any]) -> None:
        if new["notification_type"] != "webhook" or set(new["notification_configuration"]) != _WEBHOOK:
            raise Refused(400, notification_configuration=[f"a webhook has {sorted(_WEBHOOK)}"])

    def _check_job_templates(self, new: Mapping[str, Any]) -> None:
        if new["project"] is None or new["playbook"] not in self.playbooks:
            raise Refused(400, playbook=["Playbook not found for project."])
        if new["job_type"] not in ("run", "check"):
            raise Refused(400, job_type=["is not a valid choice."])

    def _check_workflow_job_template_nodes(self, new: Mapping[str, Any]) -> None:
        self._check_started(new)

    def _check_schedules(self, new: Mapping[str, Any]) -> None:
        rule = new["rrule"]
        if not re.match(r"DTSTART(;TZID=[\w/+-]+)?:\d{8}T\d{6}Z? RRULE:", rule) or "INTERVAL=" not in rule or rule.count("RRULE:") != 1:
            raise Refused(400, rrule=["needs DTSTART, one RRULE and an INTERVAL"])
        self._check_started(new)

    def _check_started(self, new: Mapping[str, Any]) -> None:
        """What a template does not ask for cannot be given to it."""
        if new["unified_job_template"] is None:
            return
        template = next(item for kind in STARTED for item in self.objects[kind] if item["id"] == new["unified_job_template"])
        place = f"{template['url'][len('/api/v2/'):]}survey_spec"
        asked = {each["variable"] for each in self.surveys.get(place, {}).get("spec", [])} if template.get("survey_enabled") else set()
        if not template.get("ask_variables_on_launch") and set(new["extra_data"]) - asked:
            raise Refused(400, extra_data=[f"Variables {sorted(set(new['extra_data']) - asked)} are not allowed on launch."])
        for key in ("inventory", "limit", "job_type", "diff_mode", "verbosity"):
            if new[key] is not None and not template.get(f"ask_{key}_on_launch"):
                raise Refused(400, **{key: ["is not allowed on launch"]})


def inject(template: str, values: Mapping[str, Any]) -> str:
    """A value of an injector, as the real one renders it: in a sandbox, where a name that means nothing is an error."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    return environment.from_string(template).render(**values)


def _check_survey(spec: Any) -> None:
    if set(spec) != {"name", "description", "spec"} or not spec["spec"]:
        raise Refused(400, error="a survey has name, description and spec")
    variables = [question.get("variable") for question in spec["spec"]]
    if len(set(variables)) != len(variables):
        raise Refused(400, error="a variable is asked for twice")
    for question in spec["spec"]:
        if not {"question_name", "variable", "type", "required"} <= set(question) or question["type"] not in _QUESTIONS:
            raise Refused(400, error=f"not a question: {question}")
        default = question.get("default")
        numeric = {"integer": int, "float": (int, float)}.get(question["type"])
        if numeric and not isinstance(default, numeric):
            raise Refused(400, error=f"the default is no number: {question}")
        if not numeric and not isinstance(default, str):
            raise Refused(400, error=f"the default is no text: {question}")
        if question["type"].startswith("multi") and default not in question.get("choices", []):
            raise Refused(400, error=f"the default is no choice: {question}")


def _page(items: Sequence[Any]) -> dict[str, Any]:
    return {"count": len(items), "next": None, "previous": None, "results": list(items)}


class _Handler(BaseHTTPRequestHandler):
    api: ControllerApi
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments: Any) -> None:
        """Silence."""

    def _do(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null") if length else None
        try:
            status, document = self._answer(body)
        except Refused as refused:
            status, document = refused.status, refused.document
        content = b"" if document is None else json.dumps(document).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, body: Any) -> tuple[int, Any]:
        given, basic = self.headers.get("Authorization", ""), "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.path.startswith("/api/v2/tokens/"):
            if given != basic:
                return 401, {"detail": "Invalid username/password."}
            return (201, {"id": 1, "token": TOKEN}) if self.command == "POST" else (204, None)
        if given not in (f"Bearer {TOKEN}", basic):
            return 401, {"detail": "Authentication credentials were not provided."}
        return self.api.answer(self.command, self.path[len("/api/v2/") :], body)

    do_GET = do_POST = do_PATCH = do_DELETE = _do
