"""docker-py: the only module that imports it. Everything here blocks and belongs on a lane."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import requests
from docker import errors
from docker.tls import TLSConfig

from backends.contract.errors import BackendError, Refused, Unsupported
from backends.docker.endpoint import Endpoint
from backends.docker.faults import lost, refusal

TIMEOUT = 25
"""Seconds docker-py waits for an answer; less than a lane's patience, so that the lane is free again."""
_PS = "-eww -o user,pid,ppid,pcpu,pmem,rss,etime,args"
"""Without ``ww`` the engine's ps may cut command lines at the width of whatever terminal it was started from."""
OLDEST, NEWEST = (1, 41), (1, 48)
"""The API versions this speaks: engine 20.10 to 28. With a newer engine the newest known is used."""


class Client:
    """An engine through docker-py. Every method may raise ``BackendError`` and nothing else."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Connect and agree on a version of the API.

        Raises:
            Unsupported: if the engine is too old or too new.
            BackendError: if it does not answer.
        """
        self._endpoint = endpoint
        self.tls = _tls_context(endpoint)
        self.version = "1.41"
        self.podman = False
        with self._translated():
            self._api = self._connect(self.version)
            about = self._api.version(api_version=False)
            self.version = agreed(about, endpoint)
            self.podman = any("podman" in str(part.get("Name", "")).lower() for part in about.get("Components") or ())
            self._api.close()
            self._api = self._connect(self.version)

    def containers(self, *, label: str | None = None) -> list[dict[str, Any]]:
        """All containers as the engine lists them, without looking into each."""
        filters = {"label": [label]} if label else None
        with self._translated():
            return list(self._api.containers(all=True, filters=filters))

    def images(self) -> list[dict[str, Any]]:
        """All images with a name or without, intermediate layers left out."""
        with self._translated():
            return list(self._api.images())

    def volumes(self) -> list[dict[str, Any]]:
        """All volumes."""
        with self._translated():
            return list(self._api.volumes().get("Volumes") or ())

    def networks(self) -> list[dict[str, Any]]:
        """All networks."""
        with self._translated():
            return list(self._api.networks())

    def inspect(self, kind: str, native: str) -> dict[str, Any]:
        """The engine's full description of a thing."""
        look = {
            "container": self._api.inspect_container,
            "image": self._api.inspect_image,
            "volume": self._api.inspect_volume,
            "network": self._api.inspect_network,
        }.get(kind)
        if look is None:
            raise Unsupported(f"Docker has no description of a {kind}.")
        with self._translated():
            return dict(look(native))

    def top(self, native: str) -> Mapping[str, Any]:
        """The processes inside a container."""
        if not self.podman:
            try:
                with self._translated():
                    return dict(self._api.top(native, _PS))
            except Refused:  # the engine's machine has a simpler ps
                pass
        with self._translated():
            return dict(self._api.top(native))

    def pause(self, native: str) -> None:
        """Freeze a container."""
        with self._translated():
            self._api.pause(native)

    def resume(self, native: str) -> None:
        """Let a frozen container go on."""
        with self._translated():
            self._api.unpause(native)

    def kill(self, native: str, signal: str) -> None:
        """Send a signal to a container's first process."""
        with self._translated():
            self._api.kill(native, signal)

    def rename(self, native: str, name: str) -> None:
        """Give a container another name."""
        with self._translated():
            self._api.rename(native, name)

    def create(self, config: Mapping[str, Any], name: str) -> str:
        """Create a container from a whole description; returns its id."""
        with self._translated():
            created = self._api.create_container_from_config(dict(config), name)  # type: ignore[no-untyped-call]  # its stubs lack it
            return str(created["Id"])

    def connect(self, native: str, network: str, endpoint: Mapping[str, Any]) -> None:
        """Join a container to a network with the settings it had there."""
        addresses = endpoint.get("IPAMConfig") or {}
        with self._translated():
            self._api.connect_container_to_network(
                native,
                network,
                aliases=endpoint.get("Aliases") or None,
                links=endpoint.get("Links") or None,
                ipv4_address=addresses.get("IPv4Address"),
                ipv6_address=addresses.get("IPv6Address"),
                driver_opt=endpoint.get("DriverOpts") or None,
            )

    def close(self) -> None:
        """Let go of its connections."""
        self._api.close()

    def _connect(self, version: str) -> docker.APIClient:
        endpoint = self._endpoint
        tls: TLSConfig | bool = False
        if endpoint.is_tls:
            tls = TLSConfig(client_cert=_pair(endpoint), ca_cert=_file(endpoint, "ca.pem"), verify=endpoint.verify)
        base = endpoint.host if endpoint.is_unix else endpoint.url.replace("http://", "tcp://", 1)
        api = docker.APIClient(base_url=base, version=version, timeout=TIMEOUT, tls=tls)
        api.trust_env = False  # or REQUESTS_CA_BUNDLE would beat the connection's own ca.pem
        return api

    def _knock(self) -> None:
        """See whether anybody listens: docker-py forgets to close the socket of a connection that fails."""
        if self._endpoint.is_unix:
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(TIMEOUT)
                door.connect(self._endpoint.path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn docker-py's exceptions into ours, keeping the cause."""
        try:
            self._knock()
            yield
        except errors.APIError as error:
            raise refusal(error.status_code or 500, str(error.explanation or error)) from error
        except (errors.DockerException, requests.RequestException, OSError) as error:
            raise lost(error, self._endpoint) from error


def agreed(about: Mapping[str, Any], endpoint: Endpoint) -> str:
    """The API version both sides speak, from what the engine says of itself.

    Raises:
        Unsupported: if there is none.
    """
    theirs = _version(about.get("ApiVersion"))
    least = _version(about.get("MinAPIVersion")) or (1, 0)
    if theirs is None:
        raise Unsupported(f"What answers at {endpoint.place} does not say which Docker API it speaks.")
    if theirs < OLDEST:
        raise Unsupported(
            f"The engine at {endpoint.place} is too old (API {theirs[0]}.{theirs[1]}).",
            hint="Docker 20.10 or Podman 4 and later can be used.",
        )
    chosen = max(min(theirs, NEWEST), least)
    return f"{chosen[0]}.{chosen[1]}"


def _version(text: object) -> tuple[int, int] | None:
    major, _, minor = str(text or "").partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


def _file(endpoint: Endpoint, name: str) -> str | None:
    path = Path(endpoint.tls, name)
    return str(path) if endpoint.tls and path.exists() else None


def _pair(endpoint: Endpoint) -> tuple[str, str] | None:
    cert, key = _file(endpoint, "cert.pem"), _file(endpoint, "key.pem")
    return (cert, key) if cert and key else None


def _tls_context(endpoint: Endpoint) -> ssl.SSLContext | None:
    """What the other half of our connections (aiohttp) needs for the same trust."""
    if not endpoint.is_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=_file(endpoint, "ca.pem"))
        if pair := _pair(endpoint):
            context.load_cert_chain(*pair)
    except (OSError, ValueError) as error:
        failure: BackendError = lost(error, endpoint)
        raise failure from error
    if not endpoint.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
