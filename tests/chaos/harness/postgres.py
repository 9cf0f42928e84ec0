"""A real PostgreSQL as a process of its own, which may be killed and started again where it was."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg
import sqlalchemy as sa

from chaos.harness.disk import fill, small_disk
from chaos.harness.home import settings_of
from chaos.harness.processes import Process, own_host, wait_until
from cocite.catalogue.engine import create_engine, parse_url
from cocite.catalogue.schema import metadata
from cocite.catalogue.store import Catalogue
from support.ports import free_port
from support.postgres import absent, server_binaries, unprivileged


class Postgres(Process):
    """A server whose database holds what the catalogue of a home does. Skips the test where none is installed.

    disk_mb: of a disk of its own, which takes the right to mount.
    """

    def __init__(self, home: Path, disk_mb: int = 0) -> None:
        binaries = server_binaries()
        if binaries is None:
            absent("no PostgreSQL is installed that could be killed")
        self._folder = Path(tempfile.mkdtemp(prefix="cocite-postgres-"))  # another user may enter it
        self._home = home
        self._mounted = ExitStack()
        if disk_mb:
            self._mounted.enter_context(small_disk(self._folder, disk_mb))
        prefix, owner = unprivileged()
        if owner:
            os.chown(self._folder, *owner)
        data, host = self._folder / "data", own_host()
        port = free_port(host)
        initdb = [binaries / "initdb", "-D", data, "-U", "cocite", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run([*prefix, *initdb], check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=self._folder)
        options = ["max_wal_size=64MB", "min_wal_size=32MB"] if disk_mb else []
        options += [f"listen_addresses={host}", f"port={port}", f"unix_socket_directories={self._folder}"]
        flags = [part for option in options for part in ("-c", option)]
        super().__init__([*prefix, str(binaries / "postgres"), "-D", str(data), *flags], self._folder / "log")
        self.url = f"postgresql://cocite@{host}:{port}/postgres"

    def start(self) -> None:
        super().start()
        wait_until(self._answers, "PostgreSQL does not start")

    def fill(self) -> None:
        """Copy the home's catalogue, row by row."""
        Catalogue.open(self.url).close()
        source = create_engine(parse_url(settings_of(self._home).catalogue))
        target = create_engine(parse_url(self.url))
        with source.connect() as old, target.begin() as new:
            for table in metadata.sorted_tables:
                if rows := [row._asdict() for row in old.execute(sa.select(table))]:
                    new.execute(sa.insert(table), rows)
                counted = table.autoincrement_column
                if counted is not None:
                    name = sa.func.pg_get_serial_sequence(table.name, counted.name)
                    last = sa.select(sa.func.max(counted)).scalar_subquery()
                    new.execute(sa.select(sa.func.setval(name, last)).where(name.is_not(None), last.is_not(None)))
        source.dispose()
        target.dispose()

    def crash(self) -> None:
        """It and all it has forked are gone at once, without a checkpoint."""
        self.signal(signal.SIGQUIT)
        self.wait()

    def fill_disk(self) -> Path:
        """The file that takes what was left of its disk."""
        return fill(self._folder)

    def recover(self) -> None:
        """Answering again, started anew where it has given up."""

        def back() -> bool:
            if not self.alive:
                super(Postgres, self).start()
            return self._answers()

        wait_until(back, "PostgreSQL does not come back")

    def close(self) -> None:
        if self.alive:
            self.crash()
        self._mounted.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
