# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/connections.py`, worded once."""

    DOCUMENTATION = r"""
options:
  auth_file:
    description:
      - File with credentials for registries, as C(podman login) and C(docker login) write it, or a pull secret.
      - It takes the place of all other files. Without it E(REGISTRY_AUTH_FILE) does so; without that the files of podman, then those
        of docker are searched for each registry.
      - The most specific entry for a repository wins. Credential helpers that the files name are asked.
    type: path
  credentials:
    description:
      - Credentials given directly, for example from a vault. They win over those of all files.
    type: list
    elements: dict
    suboptions:
      registry:
        description:
          - Host and port, optionally with a namespace or repository, such as V(quay.io/team).
        type: str
        required: true
      username:
        description:
          - Name of the user. Required with O(credentials[].password).
        type: str
      password:
        description:
          - Password or token of the user.
        type: str
      identity_token:
        description:
          - Token that the registry exchanges for access tokens. Excludes O(credentials[].password).
        type: str
  pull_secret:
    description:
      - The content of an auth file, with its key C(auths). Wins over all files; O(credentials) wins over it.
    type: dict
  trusted_token_hosts:
    description:
      - Hosts (or hosts with their ports) that may hand out tokens for registries of other names.
      - A registry that asks for a token names the host that credentials are sent to. It may name itself, a host below its own
        domain, or one that is known to serve its tokens, such as V(auth.docker.io) for V(docker.io); any other has to be listed here.
    type: list
    elements: str
    default: []
  registries_conf:
    description:
      - Path of a C(registries.conf) with mirrors, blocked and insecure registries of the sources. A destination that it calls insecure
        is insecure for pushing, too.
      - Without it E(CONTAINERS_REGISTRIES_CONF), then the user's, then the system's file is used. V(/dev/null) stands for none.
      - On Python before 3.11 without the library C(tomli), tables, texts on one line, numbers, booleans and lists are understood.
    type: path
  tls:
    description:
      - How to talk to single hosts. Hosts that are not listed are spoken to over HTTPS with verified certificates.
      - Settings of one host never apply to another.
      - A public registry may lead to a host that is listed here even where that is this machine, or a neighbour that only its link
        reaches; to others of these it may not.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - Host, or host and port, that this entry is about. V(*) stands for all hosts without an entry of their own.
        type: str
        required: true
      verify:
        description:
          - Whether the certificate of the host and its name are verified.
        type: bool
        default: true
      ca_path:
        description:
          - PEM file, or directory of PEM files, of authorities to trust for this host besides those of the system.
        type: path
      client_cert:
        description:
          - PEM file with a client certificate to present.
        type: path
      client_key:
        description:
          - PEM file with the key of O(tls[].client_cert), when it is not in the same file.
        type: path
      plain_http:
        description:
          - Whether the host is spoken to without TLS.
        type: bool
        default: false
  http_proxy:
    description:
      - URL of the proxy for plain HTTP. Without it E(HTTP_PROXY) is used.
    type: str
  https_proxy:
    description:
      - URL of the proxy for HTTPS. Without it E(HTTPS_PROXY) is used.
      - The proxy itself may speak V(http), V(https), or V(socks5), V(socks5h), V(socks4) and V(socks4a) where the Python
        library PySocks is installed.
    type: str
  no_proxy:
    description:
      - Hosts, domains and networks that are reached without a proxy, separated by commas. Without it E(NO_PROXY) is used.
    type: str
  retry_times:
    description:
      - How many times a failed request is made again. Only failures that may pass are retried.
    type: int
    default: 7
  retry_delay:
    description:
      - Seconds before the first retry. The delay doubles with each further one; what a registry asks for wins.
    type: float
    default: 1.0
  parallel_images:
    description:
      - How many images are looked at or resolved at once.
    type: int
    default: 8
  parallel_layers:
    description:
      - How many layers are moved at once, over all images.
    type: int
    default: 8
"""
