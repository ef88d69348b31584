"""nginx, HAProxy and Caddy as reverse proxies, each with the configuration that streaming needs.

That is the least one: neither requests nor responses are collected, a client that leaves is told
upstream, and connections to there are HTTP/1.1 and kept. Each proxy is a child of the test, listens
on a loopback port of its own and writes to one folder only.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ._client import PATIENCE, program

ATTEMPTS = 3
"""Times that a port is picked: another program may take it before the proxy does."""


def nginx(folder: Path, port: int, upstream: int) -> list[str]:
    """Return the command; in one process, since tests need no workers."""
    (folder / "nginx.conf").write_text(
        f"""
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    upstream headrace {{ server 127.0.0.1:{upstream}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://headrace;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;
        }}
    }}
}}
"""
    )
    return [program("nginx"), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def haproxy(
    folder: Path, port: int, upstream: int, on_fin: str = "option abortonclose"
) -> list[str]:
    """Return the command. To HAProxy FIN is either always the end of a client, or never."""
    (folder / "haproxy.cfg").write_text(
        f"""
defaults
    mode http
    option http-no-delay
    {on_fin}
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend public
    bind 127.0.0.1:{port}
    default_backend headrace
backend headrace
    http-reuse always
    server one 127.0.0.1:{upstream}
"""
    )
    return [program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]


def patient_haproxy(folder: Path, port: int, upstream: int) -> list[str]:
    """Return the command for one that goes on after a client's FIN."""
    return haproxy(folder, port, upstream, on_fin="no option abortonclose")


def caddy(folder: Path, port: int, upstream: int) -> list[str]:
    """Return the command.

    ``flush_interval -1`` would make Caddy 2.6 hold on to a request whose client has left.
    """
    (folder / "Caddyfile").write_text(
        f"""
{{
    admin off
    auto_https off
}}
http://:{port} {{
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:{upstream} {{
        flush_interval 1ms
        header_up TE trailers
    }}
}}
"""
    )
    command = [program("caddy"), "run", "--adapter", "caddyfile"]
    return [*command, "--config", str(folder / "Caddyfile")]


Command = Callable[[Path, int, int], list[str]]

PROXIES: dict[str, Command] = {
    "nginx": nginx,
    "HAProxy": haproxy,
    "HAProxy that goes on": patient_haproxy,
    "Caddy": caddy,
}


class Proxy:
    """A running proxy.

    Args:
        name: one of ``PROXIES``.
        folder: for its configuration and whatever it writes.
        upstream: the port that it passes requests on to.

    Raises:
        NotInstalled: the program is not on this machine.
    """

    def __init__(self, name: str, folder: Path, upstream: int) -> None:
        self.name = name
        self._log = folder / "proxy.log"
        for _ in range(ATTEMPTS):
            self.port = free_port()
            self._process = self._start(PROXIES[name](folder, self.port, upstream), folder)
            if self._answers():
                return
        raise AssertionError(f"{name} did not start: {self.log()}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        """Return what it has logged."""
        return self._log.read_text()

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(PATIENCE)

    def _start(self, command: list[str], folder: Path) -> subprocess.Popen[bytes]:
        homes = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
        environment = {**os.environ, **dict.fromkeys(homes, str(folder))}
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def _answers(self) -> bool:
        """Wait until it listens; False if it ended instead."""
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
            except ConnectionRefusedError:
                time.sleep(0.01)
            else:
                return True
        return False


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
