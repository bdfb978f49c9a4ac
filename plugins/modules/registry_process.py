#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_process
short_description: Run a registry as a process of the user
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Starts a program that serves a registry, detached from the task, and stops it by its PID file.
  - Meant for labs, demonstrations and hosts without a service manager. The role P(disconnected.mirror.registry#role) uses it there.
  - Needs Linux, because processes are identified through C(/proc).
extends_documentation_fragment:
  - disconnected.mirror.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  state:
    description:
      - V(started) starts the program unless it is running, and restarts it when its command or a file in O(watch) has changed since.
      - V(stopped) stops it.
    type: str
    choices:
      - started
      - stopped
    default: started
  pid_file:
    description:
      - File that records the process.
    type: path
    required: true
  command:
    description:
      - The program and its arguments. Required to start it.
    type: list
    elements: str
  log_file:
    description:
      - File that the program's output is appended to. Required to start it.
    type: path
  address:
    description:
      - Address at which the program listens when it is ready.
    type: str
    default: 127.0.0.1
  port:
    description:
      - Port at which the program listens when it is ready. Required to start it.
    type: int
  watch:
    description:
      - Files that the program reads when it starts.
    type: list
    elements: path
    default: []
  restart:
    description:
      - Whether to restart it in any case, for example because an earlier task changed a file that it reads.
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for the program to listen or to stop.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Serve a registry for a lab
  disconnected.mirror.registry_process:
    command: [docker-registry, serve, /srv/lab/config.yml]
    pid_file: /srv/lab/registry.pid
    log_file: /srv/lab/registry.log
    port: 5000
    watch:
      - /srv/lab/config.yml

- name: Stop it
  disconnected.mirror.registry_process:
    pid_file: /srv/lab/registry.pid
    state: stopped
"""

RETURN = r"""
pid:
  description: Process ID. V(0) when no process runs or, in check mode, when one would be started.
  returned: success
  type: int
  sample: 4711
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    registry_process = adapter("registry_process", libraries=False)
    module = AnsibleModule(
        argument_spec=registry_process.arguments,
        required_if=[("state", "started", ("command", "log_file", "port"))],
        supports_check_mode=True,
    )
    registry_process.finish(module)


if __name__ == "__main__":
    main()
