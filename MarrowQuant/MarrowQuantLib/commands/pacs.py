"""``marrowquant send`` and ``marrowquant fetch``: DICOM objects to a PACS, and a study back."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..export.pacs import PASSWORD, Server, fetch, find_studies, send
from ..model import MarrowQuantError
from .outputs import existing_inputs
from .progress import progress_bar


def add_send(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant send``."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder with DICOM objects, as 'marrowquant export --dicom' writes it")
    _add_server(parser)
    parser.set_defaults(command=_send)


def add_fetch(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``marrowquant fetch``."""
    _add_server(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--study", metavar="UID", help="the study to fetch")
    what.add_argument("--list", action="store_true", help="list the studies instead")
    parser.add_argument("--patient-id", default="", metavar="ID", help="list those of this patient only")
    parser.add_argument("--date", default="", metavar="YYYYMMDD", help="list those of this date, or range of dates, only")
    parser.add_argument("--out", type=Path, metavar="DIR", help="new folder for the study")
    parser.add_argument("--listen", type=int, metavar="PORT", help="fetch by C-MOVE to this port, at which the PACS knows our AE title")
    parser.set_defaults(command=_fetch)


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("server", metavar="SERVER", help="dicom://AE_TITLE@host:port, dicoms:// for TLS, or https://host/dicom-web")
    parser.add_argument("--calling", default="MARROWQUANT", metavar="AE", help="our own AE title (default: %(default)s)")
    parser.add_argument("--user", default="", metavar="NAME", help=f"user of DICOMweb; the password, or a token, stands in {PASSWORD}")
    parser.add_argument("--authority", type=Path, metavar="PEM", help="certificates that are believed (default: the computer's)")
    parser.add_argument("--certificate", type=Path, metavar="PEM", help="our own certificate, for TLS on both sides")
    parser.add_argument("--private-key", type=Path, metavar="PEM", help="its key, if that is another file")
    parser.add_argument("--attempts", type=int, default=3, metavar="N", help="how often to try (default: %(default)s)")


def _server(options: argparse.Namespace) -> Server:
    existing_inputs([options.authority, options.certificate, options.private_key])
    if options.attempts < 1:
        raise MarrowQuantError("--attempts must be 1 or more.")
    listen = getattr(options, "listen", None)
    if listen is not None and not 0 < listen < 65536:
        raise MarrowQuantError("--listen must be a port, 1 to 65535.")
    server = Server(
        options.server, options.calling, options.user, options.authority, options.certificate, options.private_key, options.attempts,
        listen=listen,
    )  # fmt: skip
    if not server.is_web:
        server.entity()
    return server


def _send(options: argparse.Namespace) -> int:
    existing_inputs([options.folder])
    sent, before = send(options.folder, _server(options), progress_bar)
    progress_bar.end()
    print(f"Sent: {sent}" + (f" (and {before} before)" if before else ""))
    return 0


def _fetch(options: argparse.Namespace) -> int:
    server = _server(options)
    if options.list:
        for study in find_studies(server, options.patient_id, options.date):
            print(f"{study['date']:<10}{study['uid']}  {study['description']}")
        return 0
    if options.out is None:
        raise MarrowQuantError("Name a new folder for the study (--out).")
    n = fetch(server, options.study, options.out, progress_bar)
    progress_bar.end()
    print(f"Fetched: {n} files in {options.out}")
    return 0
