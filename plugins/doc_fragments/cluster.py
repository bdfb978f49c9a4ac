# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/clusters.py`, worded once; names are those of kubernetes.core."""

    DOCUMENTATION = r"""
requirements:
  - PyYAML
  - requests
options:
  kubeconfig:
    description:
      - Path of a kubeconfig on the host that the task runs on, or its content.
      - Without it E(K8S_AUTH_KUBECONFIG), E(KUBECONFIG), and then C(~/.kube/config) is used; in a pod of a cluster its service account.
      - Users that get credentials from a program (C(exec)) are refused, because no program that a file names is started.
    type: raw
  context:
    description:
      - Context of the kubeconfig. Defaults to E(K8S_AUTH_CONTEXT), then to its current context.
    type: str
  host:
    description:
      - URL of the API server, such as V(https://api.example.com:6443). Defaults to E(K8S_AUTH_HOST), then to the kubeconfig.
      - Credentials and certificates of a kubeconfig for another server are not used for it.
    type: str
  api_key:
    description:
      - Token. Defaults to E(K8S_AUTH_API_KEY), then to the kubeconfig.
    type: str
  ca_cert:
    description:
      - PEM file with the certificate authority of the API server. Defaults to E(K8S_AUTH_SSL_CA_CERT), then to the kubeconfig, then to the
        authorities of the system.
    type: path
    aliases:
      - ssl_ca_cert
  client_cert:
    description:
      - PEM file with a client certificate. Defaults to E(K8S_AUTH_CERT_FILE), then to the kubeconfig.
    type: path
    aliases:
      - cert_file
  client_key:
    description:
      - PEM file with the key of O(client_cert). Defaults to E(K8S_AUTH_KEY_FILE), then to the kubeconfig.
    type: path
    aliases:
      - key_file
  validate_certs:
    description:
      - Whether the certificate of the API server is verified. Defaults to E(K8S_AUTH_VERIFY_SSL), then to the kubeconfig, then to V(true).
    type: bool
    aliases:
      - verify_ssl
  proxy:
    description:
      - URL of a proxy. Defaults to E(K8S_AUTH_PROXY), then to the kubeconfig, then to E(HTTPS_PROXY) and E(NO_PROXY).
    type: str
  impersonate_user:
    description:
      - User to act as. Defaults to E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as. Defaults to those in E(K8S_AUTH_IMPERSONATE_GROUPS), separated by commas.
    type: list
    elements: str
    default: []
"""
