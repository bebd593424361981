"""A certificate of our own, so that phones in the same network reach this machine by HTTPS."""

import os
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lianqiao.installation import CannotError

VALID_DAYS = 397  # browsers refuse a longer life
RENEWED_BEFORE_DAYS = 30
ELSEWHERE = "192.0.2.1", 9  # an address that is nobody's; nothing is sent to it


class Certificate(NamedTuple):
    """Where the certificate and its key are, and what a phone shows of it."""

    certificate: Path
    key: Path
    fingerprint: str  # SHA-256, in pairs


def address_in_network() -> str:
    """Return the address by which others in the network reach this machine."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)
            return str(probe.getsockname()[0])
    except OSError as error:
        raise CannotError(
            "This machine has no address in a network; if it has, name it: make run LAN=192.168.1.5"
        ) from error


def certificate_for(address: str, folder: Path) -> Certificate:
    """Return the certificate for an address: the one that is kept, while it is good."""
    certificate, key = folder / "certificate.pem", folder / "certificate.key"
    if not (key.exists() and certificate.exists() and _good(_read(certificate), address)):
        _make(address, certificate, key)
    digits = _read(certificate).fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(certificate, key, digits)


def _read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _good(certificate: x509.Certificate, address: str) -> bool:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    renew_at = certificate.not_valid_after_utc - timedelta(days=RENEWED_BEFORE_DAYS)
    known = names.get_values_for_type(x509.IPAddress)
    return ip_address(address) in known and datetime.now(UTC) < renew_at


def _make(address: str, certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Lianqiao on {address}")])
    addresses = [x509.IPAddress(ip_address(one)) for one in (address, "127.0.0.1")]
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a phone's clock may be behind
        .not_valid_after(now + timedelta(days=VALID_DAYS - 1))
        .add_extension(
            x509.SubjectAlternativeName([*addresses, x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key.unlink(missing_ok=True)
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
