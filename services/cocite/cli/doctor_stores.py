"""Checks of what lies behind the services: bundles, catalogue, Redis, mail server, disks, files with secrets."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cocite.cli.doctor_findings import Finding, good, notice, wrong
from cocite.cli.doctor_services import skew_of
from cocite.core.errors import NotReady
from cocite.core.settings import PREFIX, Settings

if TYPE_CHECKING:
    from cocite.cache.one_redis import OneRedis
    from cocite.cache.redis_cluster import RedisCluster

PATIENCE_S = 3.0
_LITTLE_BYTES, _TOO_LITTLE_BYTES = 2 << 30, 200 << 20  # of free disk
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_EVICTING = ("allkeys-lru", "allkeys-lfu", "allkeys-random")


def bundles(settings: Settings) -> Iterator[Finding]:
    """The published bundle as it lies here: readable, whole, with the checksums it was published with."""
    from cocite.recommender.bundle_files import read_current, read_manifest
    from cocite.recommender.integrity import check_files

    current = read_current(settings.bundles)
    if current is None:
        yield wrong("bundle", f"no model is published in {settings.bundles}", "make one with `cocite train`")
        return
    directory = settings.bundles / current
    check_files(directory, read_manifest(directory))
    yield good("bundle", f"{current} is whole: every checksum is right")


def catalogue(settings: Settings) -> Iterator[Finding]:
    """The catalogue: reachable, of this release's schema, writable. Nothing is made or changed."""
    from cocite.catalogue.engine import create_engine, parse_url
    from cocite.catalogue.migrate import is_current

    url = parse_url(settings.catalogue)
    shown, embedded = url.render_as_string(hide_password=True), url.drivername.startswith("sqlite")
    file = Path(url.database or "")
    if embedded and not file.exists():
        raise NotReady(f"there is no catalogue at {file}", hint="bring papers in with `cocite ingest`")
    engine = create_engine(url, answer_s=PATIENCE_S)
    try:
        with engine.connect() as connection:
            current = is_current(connection)
            if not embedded:
                row: Any = connection.exec_driver_sql(
                    "SELECT extract(epoch FROM now()), pg_is_in_recovery(), current_setting('transaction_read_only')"
                ).one()
                yield skew_of("the database", float(row[0]))
                read_only = bool(row[1]) or row[2] == "on"
    finally:
        engine.dispose()
    if not current:
        do = "any command that writes brings it to this release's: `cocite ingest`, or a restart of the feed service"
        yield wrong("catalogue", f"{shown} has an older schema", do)
    else:
        yield good("catalogue", f"{shown} answers and has this release's schema")
    why = _not_writable(file) if embedded else "it is read-only" if read_only else ""
    if why:
        yield wrong("catalogue", f"cannot be written: {why}", "events, ingest and mails need it; look at permissions")
    else:
        yield good("catalogue", "can be written")


def _not_writable(file: Path) -> str:
    """Why a SQLite file cannot be written, "" when it can. A file that is busy for a moment can."""
    if not os.access(file.parent, os.W_OK):
        return f"{file.parent} may not be written, where its log lies"
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=PATIENCE_S)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    except sqlite3.OperationalError as error:
        return "" if error.sqlite_errorcode == sqlite3.SQLITE_BUSY else str(error)
    finally:
        connection.close()
    return ""


def redis(settings: Settings) -> Iterator[Finding]:
    """Redis: reachable, with a limit of memory and a policy by which it forgets, and our commands allowed."""
    if not settings.redis_url:
        yield good("Redis", f"each service brings a Valkey of its own, of {settings.embedded_redis_memory} at most")
        return
    import redis as library

    from cocite.cache.connecting import connect
    from cocite.cache.one_redis import OneRedis

    client = connect(settings.redis_url, PATIENCE_S, 2)
    try:
        client.ping()
        _store_and_forget(client, f"{settings.redis_namespace}:doctor")
        yield good("Redis", "answers, and takes and forgets what we store")
        if isinstance(client, OneRedis):
            yield from _limits(client)
        else:
            yield notice("Redis", "is a Cluster", "limits and clocks of its nodes were not looked at")
    except library.RedisError as error:
        do = (
            f"start it, correct {PREFIX}REDIS_URL, or give its user GET, SET and DEL under {settings.redis_namespace}:*"
        )
        yield wrong("Redis", f"cannot be used: {str(error)[:200]}", do)
    finally:
        client.close()


def _store_and_forget(client: "OneRedis | RedisCluster", key: str) -> None:
    from redis import RedisError

    for reply in client.pipeline([("SET", key, b"1", "EX", 10), ("DEL", key)]):
        if isinstance(reply, RedisError):
            raise reply


def _limits(client: "OneRedis") -> Iterator[Finding]:
    from redis import RedisError

    memory, seconds = client.pipeline([("INFO", "memory"), ("TIME",)])
    if isinstance(memory, RedisError) or isinstance(seconds, RedisError):
        yield notice("Redis", "its user may not ask INFO and TIME", "limits and clock were not looked at")
        return
    yield skew_of("Redis", seconds[0] + seconds[1] / 1e6)
    limit, policy = int(memory.get("maxmemory", 0)), str(memory.get("maxmemory_policy", ""))
    used = f"{int(memory.get('used_memory', 0)) >> 20:,} MiB in use"
    if not limit:
        yield notice("Redis", f"has no limit of memory, {used}", "set maxmemory, or it grows until it is killed")
    elif policy not in _EVICTING:
        do = "set maxmemory-policy to allkeys-lru: what cocite keeps there may all be forgotten"
        yield notice("Redis", f"forgets by {policy}, {used} of {limit >> 20:,}", do)
    else:
        yield good("Redis", f"forgets by {policy}, {used} of {limit >> 20:,}")


def mail(settings: Settings) -> Iterator[Finding]:
    """The mail server takes our name and password; no mail is sent."""
    if not settings.smtp_url:
        yield good("mail", f"no mails are sent: {PREFIX}SMTP_URL is not set")
        return
    from cocite.feeds.mail_delivery import Delivery
    from cocite.feeds.mail_settings import mail_server, postmark
    from cocite.feeds.secrets import Signer

    server, sender = mail_server(settings), postmark(settings, Signer(b"of nobody")).sender.addr_spec
    Delivery(server, sender, deadline_s=10.0).try_out()
    yield good("mail", f"{server.host}:{server.port} lets us in")


def disks(settings: Settings) -> Iterator[Finding]:
    """Room where the home directory and the bundles are."""
    for what, folder in (("home", settings.home), ("bundles", settings.bundles)):
        there = next((each for each in (folder, *folder.parents) if each.exists()), None)
        if there is None:
            continue
        free = shutil.disk_usage(there).free
        said, do = f"{free / (1 << 30):.1f} GiB are free where {what} is, {folder}", "make room"
        if free < _TOO_LITTLE_BYTES:
            yield wrong("disk", said, do)
        else:
            yield good("disk", said) if free > _LITTLE_BYTES else notice("disk", said, do)


def secrets(settings: Settings) -> Iterator[Finding]:
    """Keys and secrets: readable by us, by nobody else."""
    from cocite.feeds.secrets import LEAST_SECRET, secret_file
    from cocite.serving.key_store import KeyStore

    keys = KeyStore(settings.keys).read()
    yield good("keys", f"{len(keys)} in {settings.keys}")
    if settings.gateway_anonymous_rate == 0 and not keys:
        yield notice("keys", "nobody may ask: there are no keys, and none may go without", "`cocite key create`")
    given, file = settings.feed_secret.get_secret_value(), secret_file(settings.home)
    if given and len(given) < LEAST_SECRET:
        yield wrong("feed secret", f"{PREFIX}FEED_SECRET is too short", "`openssl rand -hex 32` makes one")
    elif given:
        yield good("feed secret", f"given by {PREFIX}FEED_SECRET")
    elif file.exists():
        yield good("feed secret", f"kept in {file}")
    else:
        do = f"set {PREFIX}FEED_SECRET where feeds and digests run on several machines"
        yield notice("feed secret", f"there is none yet; the feed service makes one in {file}", do)
    for path in (settings.keys, file, settings.tls_key):
        if path is not None and path.exists() and path.stat().st_mode & _OTHERS:
            yield notice("permissions", f"others may read {path}", f"chmod 600 {path}")
