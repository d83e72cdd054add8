"""The servers that are compared."""

from bench.servers.bare import Bare
from bench.servers.base import Server
from bench.servers.caddy import Caddy
from bench.servers.floor import Floor
from bench.servers.nginx import NginxOfDebian, NginxOfWheel
from bench.servers.ours import Ours
from bench.servers.varnish import Varnish

SERVERS: dict[str, type[Server]] = {
    server.name: server for server in (Ours, NginxOfWheel, NginxOfDebian, Varnish, Floor, Caddy, Bare)
}
"""All of them by name."""

OURS = Ours.name

__all__ = ["OURS", "SERVERS", "Server"]
