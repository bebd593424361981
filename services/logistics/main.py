"""The logistics service: what is shipped, what comes, and what is accepted."""

from shared.app import Service

service = Service(name="logistics")
