"""Logs: one event a line, JSON for machines, colours on a terminal."""

import logging
import sys

import structlog

from cocite.core.settings import Settings
from cocite.serving.log_lines import escape_values, traceback_within_margin
from cocite.serving.request_id import add_request_id
from cocite.serving.tracing import add_trace_id


def configure_logs(settings: Settings) -> None:
    """Set structlog up for this process; everything goes to stderr."""
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=traceback_within_margin)
        if console
        else structlog.processors.JSONRenderer()
    )
    # Without the values of local variables: they hold addresses with passwords, and what callers sent.
    without_locals = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    formatting = [escape_values] if console else [structlog.processors.ExceptionRenderer(without_locals)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_request_id,
            add_trace_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *formatting,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
