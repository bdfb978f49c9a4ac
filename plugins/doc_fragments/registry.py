# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/connections.py`, worded once."""

    DOCUMENTATION = r"""
requirements:
  - PyYAML
  - requests
options:
  auth_file:
    description:
      - File with registry credentials, as written by C(podman login) and C(docker login), or a pull secret.
      - It replaces all other files. Without it the file in E(REGISTRY_AUTH_FILE) is used; without that, the files of podman and then those
        of docker are searched for each registry.
      - The most specific entry for a repository is used. Credential helpers that the files name are called.
    type: path
  credentials:
    description:
      - Credentials given directly, for example from a vault. They take precedence over all files.
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
      - The content of an auth file, with its key C(auths). It takes precedence over all files, and O(credentials) over it.
    type: dict
  trusted_token_hosts:
    description:
      - Hosts (or hosts with their ports) that may issue tokens for registries on other hosts.
      - A registry that requires a token names the host to send credentials to. It may name itself, a host in its own domain, or a known
        token service such as V(auth.docker.io) for V(docker.io). Any other host must be listed here.
    type: list
    elements: str
    default: []
  registries_conf:
    description:
      - Path of a C(registries.conf) with mirrors, blocked registries and insecure registries for the sources. A destination that it marks
        as insecure is insecure for pushes, too.
      - Without it E(CONTAINERS_REGISTRIES_CONF), then the user's, then the system's file is used. V(/dev/null) means none.
      - On Python before 3.11 without the library C(tomli), only tables, single-line strings, numbers, booleans and lists are supported.
    type: path
  tls:
    description:
      - How to connect to individual hosts. Hosts that are not listed are reached over HTTPS with verified certificates.
      - Settings of one host never apply to another.
      - A public registry may redirect to a loopback or link-local address only when that host is listed here.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - Host, or host and port, that this entry applies to. V(*) means all hosts without an entry of their own.
        type: str
        required: true
      verify:
        description:
          - Whether the certificate of the host and its name are verified.
        type: bool
        default: true
      ca_path:
        description:
          - PEM file, or directory of PEM files, with certificate authorities to trust for this host besides those of the system.
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
          - Whether to connect to the host without TLS.
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
      - Comma-separated hosts, domains and networks that are reached without a proxy. Without it E(NO_PROXY) is used.
    type: str
  retry_times:
    description:
      - How many times a failed request is retried. Only transient failures are retried.
    type: int
    default: 7
  retry_delay:
    description:
      - Seconds before the first retry. The delay doubles with each further retry. A delay that the registry asks for takes precedence.
    type: float
    default: 1.0
  parallel_images:
    description:
      - How many images are checked or resolved in parallel.
    type: int
    default: 8
  parallel_layers:
    description:
      - How many layers are transferred in parallel, across all images.
    type: int
    default: 8
"""
