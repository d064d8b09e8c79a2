"""What registries say of images: the digest that a name stands for now.

The protocol is that of the OCI Distribution Specification, v1.1 ("Pulling manifests"); `oras` speaks it, with the
logins that Docker keeps.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

HUB = "registry-1.docker.io"
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_PATIENCE = 15
"""Seconds in which a registry has to answer at all."""


class RegistryError(Exception):
    """A registry cannot be reached, or does not have the image; the message says which."""


class Reference(NamedTuple):
    """An image's name taken apart."""

    registry: str
    repository: str
    tag: str


def reference(image: str) -> Reference:
    """An image's name as Docker reads it: what has a dot, a port or is `localhost` is a registry.

    >>> reference("ubuntu:22.04"), reference("ghcr.io/org/tool")
    (Reference(registry='registry-1.docker.io', repository='library/ubuntu', tag='22.04'), \
Reference(registry='ghcr.io', repository='org/tool', tag='latest'))
    """
    head, slash, rest = image.partition("/")
    hosted = bool(slash) and ("." in head or ":" in head or head == "localhost")
    registry, path = (head, rest) if hosted else ("docker.io", image)
    folder, slash, last = path.rpartition("/")
    name, _, tag = last.partition(":")
    repository = f"{folder}{slash}{name}"
    if registry in ("docker.io", "index.docker.io"):
        registry, repository = HUB, repository if "/" in repository else f"library/{repository}"
    return Reference(registry, repository, tag or "latest")


def digest_of(image: str) -> str:
    """The digest that an image's name stands for. Asks the registry; raises `RegistryError`."""
    import requests
    from oras.container import Container
    from oras.provider import Registry

    found = reference(image)
    local = found.registry.partition(":")[0] in ("localhost", "127.0.0.1", "[")
    service = f"{'http' if local else 'https'}://{found.registry}/v2/"
    url = f"{service}{found.repository}/manifests/{found.tag}"
    try:
        # The library asks again and again, for two minutes, where nobody is.
        requests.get(service, timeout=_PATIENCE)
        registry = Registry(hostname=found.registry, insecure=local)
        registry.auth.load_configs(Container(f"{found.registry}/{found.repository}:{found.tag}"))
        answer = registry.do_request(url, "GET", headers={"Accept": ", ".join(_MANIFESTS)})
    except (requests.RequestException, ValueError, OSError) as error:
        raise RegistryError(f"{found.registry} does not answer as it should: {_short(error)}") from None
    if answer.status_code != 200:
        raise RegistryError(f"{found.registry} does not have it ({answer.status_code} {answer.reason})")
    return f"sha256:{hashlib.sha256(answer.content).hexdigest()}"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
