from support.redis_stores import breaker, clock, hasty_store, store, valkey

__all__ = ["breaker", "clock", "hasty_store", "store", "valkey"]  # fixtures for the tests of this folder
