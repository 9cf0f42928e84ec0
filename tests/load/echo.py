"""A gRPC server on grpcio that does nothing but answer 2 KB, to hold load generators against each other.

Usage: python tests/load/echo.py PORT, until Ctrl-C. docs/load.md says what to compare.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

ANSWER = b"x" * 2048


class Echo(grpc.GenericRpcHandler):
    """Answers every method."""

    def service(self, handler_call_details: Any) -> Any:
        """The one handler."""
        return grpc.unary_unary_rpc_method_handler(lambda request, context: ANSWER)


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((Echo(),))
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()
