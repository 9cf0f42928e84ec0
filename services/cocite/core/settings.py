"""Settings, all read from COCITE_* environment variables. docs/settings.md documents each; a test compares."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cocite.core.errors import InvalidArgument

PREFIX = "COCITE_"
Seconds = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Every setting of every process; each process reads what it needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("cocite"), description="directory of everything cocite keeps on disk"
    )
    catalogue_url: str = Field(  # repr=False: addresses may hold passwords, and settings end up in logs
        default="", repr=False, description="SQLAlchemy URL of the catalogue; SQLite in the home directory when empty"
    )
    bundles_dir: Path | None = Field(
        default=None, description="directory of model bundles; bundles/ in the home directory when unset"
    )
    model_store: str = Field(
        default="",
        repr=False,
        description="URL of the store that trained models are pushed to and fetched from: s3://, gs://, az://, "
        "https:// or file://",
    )
    models_dir: Path | None = Field(
        default=None, description="directory of embedding model files; models/ in the home directory when unset"
    )
    redis_url: str = Field(
        default="",
        repr=False,
        description="URL of a Redis, of Sentinels or of a Cluster, see docs/redis.md; an embedded Valkey when empty",
    )
    redis_namespace: str = Field(
        default="cocite", pattern=r"^[a-z0-9_-]{1,32}$", description="first part of every Redis key"
    )
    redis_timeout_s: Seconds = Field(
        default=0.02, description="longest silence of Redis that is waited for, in seconds"
    )
    embedded_redis_memory: str = Field(
        default="256mb", pattern=r"^[0-9]+(kb|mb|gb)$", description="memory limit of the embedded Valkey"
    )
    paper_ttl_s: Annotated[int, Field(ge=1)] = Field(
        default=3600, description="seconds a paper stays in the feature cache"
    )
    vector_ttl_s: Annotated[int, Field(ge=1)] = Field(
        default=604800, description="seconds a vector stays in the feature cache"
    )
    wire_cache_bytes: Annotated[int, Field(ge=0)] = Field(
        default=64 << 20, description="bytes of answers that a recommender keeps in memory; 0 for none"
    )
    wire_cache_ttl_s: Annotated[int, Field(ge=2)] = Field(
        default=300, description="seconds within which an answer may be given again to an equal request"
    )
    wire_cache_shared: bool = Field(
        default=True, description="whether recommenders with COCITE_REDIS_URL share their answers in that Redis"
    )
    embedding_listen: str = Field(default="127.0.0.1:50051", description="address the embedding service listens on")
    features_listen: str = Field(default="127.0.0.1:50052", description="address the feature service listens on")
    recommender_listen: str = Field(default="127.0.0.1:50053", description="address the recommender listens on")
    embedding_target: str = Field(default="127.0.0.1:50051", description="where others reach the embedding service")
    features_target: str = Field(default="127.0.0.1:50052", description="where others reach the feature service")
    recommender_target: str = Field(default="127.0.0.1:50053", description="where clients reach the recommender")
    feeds_listen: str = Field(default="127.0.0.1:50054", description="address the feed service listens on")
    feeds_target: str = Field(default="127.0.0.1:50054", description="where others reach the feed service")
    public_url: str = Field(
        default="http://localhost:8080",
        description="address of the gateway as readers know it, for links in mails and feeds",
    )
    smtp_url: str = Field(  # repr=False: holds a password
        default="",
        repr=False,
        description="smtp://, smtp+starttls:// or smtps:// URL of the mail server; no mails are sent when empty",
    )
    mail_from: str = Field(default="", description='sender of mails, "Name <address>"; needed where mails are sent')
    feed_secret: SecretStr = Field(
        default=SecretStr(""),
        description="secret that the tokens of feeds and mails are made with; in a file of the home directory when "
        "empty, the same for all processes",
    )
    gateway_listen: str = Field(default="127.0.0.1:8080", description="address the gateway listens on, for HTTP")
    gateway_target: str = Field(default="127.0.0.1:8080", description="where clients on this machine reach the gateway")
    gateway_body_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=4 << 20, description="most bytes of a request that the gateway reads"
    )
    gateway_cache_bytes: Annotated[int, Field(ge=0)] = Field(
        default=64 << 20, description="bytes of answers that the gateway keeps in memory; 0 for none"
    )
    gateway_max_age_s: Annotated[int, Field(ge=0)] = Field(
        default=10, description="seconds that the gateway and its clients may keep an answer"
    )
    gateway_keys: Path | None = Field(
        default=None, description="file of the keys of callers; keys.json in the home directory when unset"
    )
    gateway_key_rate: Annotated[int, Field(ge=1)] = Field(
        default=6000, description="requests a minute of a key that was made without --rate"
    )
    gateway_anonymous_rate: Annotated[int, Field(ge=0)] = Field(
        default=600, description="requests a minute of an address without a key; 0 for none without a key"
    )
    gateway_anonymous_scopes: str = Field(
        default="read,embed", description="what may be asked without a key: scopes, separated by commas"
    )
    gateway_origins: str = Field(
        default="", description="origins of pages and extensions that browsers let call, separated by commas"
    )
    gateway_hosts: str = Field(
        default="",
        description="names of the gateway beside localhost, IP addresses and that of its public URL, separated by "
        "commas; * for any",
    )
    gateway_proxies: str = Field(
        default="",
        description="addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas",
    )
    gateway_body_s: Seconds = Field(
        default=10.0, description="seconds within which the body of a request must have come"
    )
    encoder: str = Field(
        default="minilm",
        pattern=r"^(minilm|minilm-int8|hashing)$",
        description="embedding model: minilm, minilm-int8 (faster, less exact), or hashing for tests",
    )
    encoder_threads: Annotated[int, Field(ge=0)] = Field(
        default=0, description="threads of the encoder; 0 for one a core"
    )
    embedding_queue_tokens: Annotated[int, Field(ge=256)] = Field(
        default=131072, description="tokens that may wait in the embedding queue"
    )
    embedding_batch_tokens: Annotated[int, Field(ge=256)] = Field(
        default=512, description="tokens in one batch of the encoder, padding included"
    )
    transport: str = Field(
        default="grpcio",
        pattern=r"^(grpcio|native)$",
        description="library that listens: grpcio, or native for pygrpc-native, which needs the extra of that name",
    )
    health_listen: str = Field(
        default="",
        description="address of a listener that answers health alone, without TLS, for probes; none when empty, as "
        "with cocite up",
    )
    tls_ca: Path | None = Field(
        default=None,
        description="file of the authorities that certificates of services and their clients are signed by; TLS "
        "between them is on where it is set",
    )
    tls_cert: Path | None = Field(
        default=None, description="file of the certificate chain that a process shows; servers with TLS need one"
    )
    tls_key: Path | None = Field(default=None, description="file of the private key of that certificate")
    tls_mutual: bool = Field(default=True, description="whether servers with TLS refuse clients without a certificate")
    tls_server_name: str = Field(
        default="", description="name in the certificates of servers, where it is not the host that is dialled"
    )
    tls_names: str = Field(
        default="",
        description="names in the certificates of clients that may call everything, separated by commas; others need a "
        "key then",
    )
    require_keys: bool = Field(
        default=False, description="whether services answer only callers with a key or a certificate with such a name"
    )
    api_key: SecretStr = Field(default=SecretStr(""), description="key that a process shows to the services it calls")
    workers: Annotated[int, Field(ge=1, le=256)] = Field(
        default=1, description="processes of a service that answer on one port; with cocite up of the recommender alone"
    )
    server_threads: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=16, description="threads that answer calls in one process; the embedding service has one a call"
    )
    max_concurrent_calls: Annotated[int, Field(ge=1)] = Field(
        default=256, description="calls a process accepts at once; more are refused"
    )
    max_wait_s: Seconds = Field(
        default=1.0,
        description="seconds that a call may wait for a thread before others are refused; at most a third of what "
        "callers allow",
    )
    default_deadline_s: Seconds = Field(
        default=10.0, description="deadline of a call that came without one, in seconds"
    )
    drain_s: Annotated[float, Field(ge=0)] = Field(
        default=5.0, description="longest wait for running calls at shutdown, in seconds"
    )
    lame_duck_s: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="seconds between NOT_SERVING and refusing calls at shutdown"
    )
    bundle_poll_s: Seconds = Field(default=1.0, description="seconds between looks for a newly published bundle")
    fresh_interval_s: Seconds = Field(default=2.0, description="seconds between looks for papers newer than the model")
    fresh_limit: Annotated[int, Field(ge=0)] = Field(
        default=10_000, description="papers newer than the model that are recommended at most; 0 for none"
    )
    metrics_listen: str = Field(
        default="",
        description="address where Prometheus reads the metrics of the process, as /metrics; none when empty. With "
        "cocite up the services have this port and the four after it",
    )
    traces_url: str = Field(
        default="",
        description="http:// or https:// address of a collector that takes traces by OTLP over gRPC; none when empty",
    )
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="share of the requests that are traced"
    )
    log_level: str = Field(
        default="info", pattern=r"^(debug|info|warning|error)$", description="least severe level that is logged"
    )
    log_format: str = Field(
        default="auto", pattern=r"^(auto|console|json)$", description="console, json, or auto: console on a terminal"
    )
    arxiv_url: str = Field(default="https://export.arxiv.org", description="address of the arXiv API")
    openalex_url: str = Field(default="https://api.openalex.org", description="address of the OpenAlex API")
    openalex_mailto: str = Field(
        default="", description="contact address sent to OpenAlex, which answers such callers faster"
    )
    openalex_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="key of the OpenAlex API, free from openalex.org; without one little is given a day",
    )
    hub_url: str = Field(default="https://huggingface.co", description="address of the Hugging Face hub")
    private_networks: str = Field(
        default="",
        description="networks besides the internet in which the names of those three, and what they redirect to, may "
        "lie, separated by commas",
    )

    @property
    def catalogue(self) -> str:
        """URL of the catalogue, the default filled in."""
        return self.catalogue_url or f"sqlite:///{self.home / 'catalogue.db'}"

    @property
    def bundles(self) -> Path:
        """Directory of model bundles, the default filled in."""
        return self.bundles_dir or self.home / "bundles"

    @property
    def models(self) -> Path:
        """Directory of embedding model files, the default filled in."""
        return self.models_dir or self.home / "models"

    @property
    def keys(self) -> Path:
        """File of the keys of callers, the default filled in."""
        return self.gateway_keys or self.home / "keys.json"


def unknown_names(names: Iterable[str]) -> list[str]:
    """Those COCITE_* names that are no setting. Names that start with COCITE_TEST_ belong to the tests."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(n for n in names if n.startswith(PREFIX) and not n.startswith(PREFIX + "TEST_") and n not in known)


def load_settings() -> Settings:
    """Read the settings from the environment. Raises InvalidArgument that names the variable at fault."""
    if unknown := unknown_names(os.environ):
        raise InvalidArgument(
            f"{unknown[0]} is not a setting", hint="docs/settings.md lists them all", field=unknown[0]
        )
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise InvalidArgument(f"{name} is wrong: {first['msg']}", hint="see docs/settings.md", field=name) from None
