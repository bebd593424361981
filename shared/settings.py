"""Settings, read once from the environment: every name below with the prefix LIANQIAO_."""

from functools import cache
from zoneinfo import ZoneInfo

from pydantic import NonNegativeInt, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What differs from one installation to the next."""

    model_config = SettingsConfigDict(env_prefix="LIANQIAO_", frozen=True)

    database_url: str = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    database_role_secrets: dict[str, SecretStr] = {}  # by role; each process needs its own two
    connections_max: PositiveInt = 8  # per role and process
    connection_wait_s_max: PositiveInt = 5  # for one of them; then the answer is 503
    kafka_servers: str = "127.0.0.1:9092"  # a few brokers, by commas
    keep_answers_days: PositiveInt = 7  # to requests with an Idempotency-Key
    drain_s: NonNegativeInt = 3  # an api that is told to end first says so, for proxies to notice
    keep_sent_events_days: PositiveInt = 30  # in the outbox; Kafka keeps them all

    issuer: str = "http://localhost:8000"  # where people and partners reach the platform
    audience: str = "lianqiao"  # whom tokens are for
    service_urls: dict[str, str] = {}  # by service, from inside; else the issuer
    zone: str = "Asia/Shanghai"  # whose calendar days count

    portal_client_id: str = "00000000-0000-7000-8000-000000000002"  # the portal's, at identity
    portal_client_secret: SecretStr = SecretStr("")  # which `migrate` registers

    smtp_url: str = ""  # smtp://user:password@host:587; empty: mail lands on the mailbox page
    mail_from: str = "Lianqiao <no-reply@localhost>"  # the sender of invitations and resets

    @property
    def calendar(self) -> ZoneInfo:
        """The zone in which an instant becomes a date."""
        return ZoneInfo(self.zone)

    def url_of(self, service: str) -> str:
        """Return where a service is reached from inside the installation."""
        return self.service_urls.get(service, self.issuer).rstrip("/")


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()
