"""Alembic's entry: runs the migrations on the connection that cocite.catalogue.migrate hands over."""

from alembic import context

from cocite.catalogue.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # the caller's transaction holds all of it, on SQLite too
)
context.run_migrations()
