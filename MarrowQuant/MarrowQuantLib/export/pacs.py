"""To a PACS and back: C-STORE, C-GET and C-MOVE (pynetdicom), STOW-RS and WADO-RS (dicomweb-client), with TLS and a password.

Nothing is deleted here, and what a server confirmed is noted beside the files, so that a transfer that broke off goes on where it stopped.
An object keeps its UID: a server that got it just before it died has it once after it was sent again (DICOM PS3.4 B.2).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from ..dicom.files import MAGIC, quiet_pydicom
from ..io.atomic import in_one_step, unfinished_name
from ..io.dicomfiles import write_dicom
from ..io.packages import need
from ..model import MarrowQuantError, Progress, no_progress

if TYPE_CHECKING:
    from pydicom import Dataset

PASSWORD = "MARROWQUANT_PACS_PASSWORD"
"""Environment variable that holds the password (or, without a user, the bearer token): a command line is seen by others."""
STORAGE = "1.2.840.10008.5.1.4.1.1."
CLASSES = tuple(STORAGE + end for end in ("4", "4.1", "4.4", "7", "30", "66.4", "66.7", "88.22", "88.33", "88.34", "104.1"))
"""What is fetched: MR, enhanced MR, captures, maps, segmentations, reports, PDF."""
STUDY_ROOT_FIND, STUDY_ROOT_MOVE, STUDY_ROOT_GET = (f"1.2.840.10008.5.1.4.1.2.2.{n}" for n in (1, 2, 3))
_SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")  # Explicit and Implicit VR Little Endian
_ACCEPTED = (0x0000, 0xB000, 0xB006, 0xB007)  # success, and warnings after which the object is stored (PS3.4 B.2.3)
_JOURNAL = ".marrowquant-sent.json"


@dataclass(frozen=True)
class Server:
    """Where to, and as whom.

    Attributes
    ----------
    address : str
        ``dicom://AE_TITLE@host:port``, ``dicoms://…`` with TLS, or the root of a DICOMweb service, ``https://host/dicom-web``.
    calling : str
        Our own AE title.
    user : str
        For DICOMweb; the password stands in the environment, see :data:`PASSWORD`.
    authority, certificate, key : Path, optional
        PEM files: who is believed, and who we are.
    attempts : int
        How often an object is tried before the transfer is given up.
    wait_s : float
        Before the second attempt; doubled before each further one.
    timeout_s : float
        Of an answer.
    listen : int, optional
        Port of this computer at which the server knows ``calling``: studies are fetched by C-MOVE to it, not by C-GET.
    """

    address: str
    calling: str = "MARROWQUANT"
    user: str = ""
    authority: Optional[Path] = None
    certificate: Optional[Path] = None
    key: Optional[Path] = None
    attempts: int = 3
    wait_s: float = 1.0
    timeout_s: float = 60.0
    listen: Optional[int] = None

    @property
    def is_web(self) -> bool:
        """True for DICOMweb."""
        return self.address.lower().startswith(("http://", "https://"))

    def entity(self) -> tuple[str, str, int, bool]:
        """AE title, host, port, and whether TLS is asked for.

        Raises
        ------
        MarrowQuantError
            If the address is neither of the two kinds.
        """
        match = re.fullmatch(r"(dicoms?)://([^@/:\s]{1,16})@([^@/:\s]+):(\d{1,5})/?", self.address)
        if not match or not 0 < int(match[4]) < 65536:
            raise MarrowQuantError(
                "The address of the server is not understood; write dicom://AE_TITLE@host:port, dicoms:// for TLS, or "
                "https://host/dicom-web."
            )
        return match[2], match[3], int(match[4]), match[1] == "dicoms"


class _Away(Exception):
    """The server did not answer, or broke off: worth another attempt."""


# --------------------------------------------------------------------------------------------------------------- sending
def send(folder: Path, server: Server, progress: Progress = no_progress) -> tuple[int, int]:
    """Send all DICOM files of a folder, each once.

    Parameters
    ----------
    folder : Path
        What the server confirms is noted in it; a second call sends the rest only.
    server : Server
    progress : callable

    Returns
    -------
    sent, before : int
        Objects that were sent now, and that had been confirmed earlier.

    Raises
    ------
    MarrowQuantError
        If the server stays away after all attempts or refuses an object; what was confirmed until then is noted.
    """
    folder = Path(folder)
    files = list(_dicom_files(folder))
    if not files:
        raise MarrowQuantError("'{folder}' holds no DICOM file to send; give the folder that was exported.", folder=folder.name)
    journal = _Journal(folder / _JOURNAL, server)
    waiting = [(path, uid) for path, uid in files if uid not in journal.confirmed]
    done = 0
    while done < len(waiting):
        for attempt in range(server.attempts):
            try:
                before = done
                with _door(server, [path for path, _ in waiting]) as store:
                    for path, uid in waiting[done:]:
                        progress(done / len(waiting), f"Sending, {done} of {len(waiting)}")
                        store(path)
                        journal.note(uid)
                        done += 1
                break
            except _Away:
                if done > before:
                    break  # it went on meanwhile: the attempts are counted anew
                if attempt + 1 == server.attempts:
                    raise MarrowQuantError(
                        "The server does not answer: {sent} of {n} objects were sent and {left} wait in '{folder}'; start the same command "
                        "again when it is back, and only these are sent.",
                        sent=len(files) - len(waiting) + done, n=len(files), left=len(waiting) - done, folder=folder.name,
                    ) from None  # fmt: skip
                time.sleep(server.wait_s * 2**attempt)
    progress(1.0, "Sent")
    return len(waiting), len(files) - len(waiting)


def _dicom_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """DICOM files in a folder and below, with their UIDs, by path."""
    import pydicom

    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            if file.read(132)[128:] != MAGIC:
                continue
        with quiet_pydicom():
            yield path, str(pydicom.filereader.read_file_meta_info(path).MediaStorageSOPInstanceUID)


class _Journal:
    """UIDs that a server confirmed, in a file beside the objects: written after every one of them, in one step."""

    def __init__(self, path: Path, server: Server) -> None:
        self._path = path
        self._server = hashlib.sha256(server.address.encode()).hexdigest()[:16]
        try:
            self._all: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._all = {}
        if not isinstance(self._all, dict):
            self._all = {}

    @property
    def confirmed(self) -> set[str]:
        return set(self._all.get(self._server, ()))

    def note(self, uid: str) -> None:
        self._all.setdefault(self._server, []).append(uid)
        beside = unfinished_name(self._path)
        beside.write_text(json.dumps(self._all), encoding="utf-8")
        os.replace(beside, self._path)


def _refused(file: str, why: str) -> MarrowQuantError:
    return MarrowQuantError("The server refuses {file} ({why}); ask who keeps the server.", file=file, why=why)


@contextmanager
def _door(server: Server, files: Sequence[Path]) -> Iterator[Callable[[Path], None]]:
    """What sends one file, as long as the connection lasts."""
    with _web_door(server) if server.is_web else _store_door(server, files) as store:
        yield store


@contextmanager
def _store_door(server: Server, files: Sequence[Path]) -> Iterator[Callable[[Path], None]]:
    import pydicom

    contexts: dict[tuple[str, str], None] = {}
    for path in files:
        meta = pydicom.filereader.read_file_meta_info(path)
        contexts[str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)] = None
    with _association(server, contexts) as association:

        def store(path: Path) -> None:
            with quiet_pydicom():
                dataset = pydicom.dcmread(path)
            try:
                status = association.send_c_store(dataset)
            except ValueError as error:  # no presentation context was accepted
                raise _refused(path.name, "kind of object not supported") from error
            except RuntimeError as error:
                raise _Away from error
            if not status:
                raise _Away
            if status.Status not in _ACCEPTED:
                raise _refused(path.name, f"status 0x{status.Status:04X}")

        yield store


@contextmanager
def _association(server: Server, contexts: Iterable[tuple[str, str]], get: bool = False, handlers: Sequence[Any] = ()) -> Iterator[Any]:
    need("pynetdicom", "sending to a PACS")
    from pynetdicom import AE, build_role

    title, host, port, secure = server.entity()
    entity = AE(ae_title=server.calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = server.timeout_s
    syntaxes: dict[str, list[str]] = {}
    for sop_class, syntax in contexts:
        syntaxes.setdefault(sop_class, []).append(syntax)
    for sop_class, accepted in syntaxes.items():
        entity.add_requested_context(sop_class, accepted)
    roles: list[Any] = [build_role(sop_class, scp_role=True) for sop_class in syntaxes if sop_class.startswith(STORAGE)] if get else []
    tls = (_tls(server), host) if secure else None
    association = entity.associate(host, port, ae_title=title, ext_neg=roles, tls_args=tls, evt_handlers=list(handlers))
    if not association.is_established:
        if association.is_rejected:
            raise MarrowQuantError("The server refuses {calling}; have this AE title entered there.", calling=server.calling)
        raise _Away
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def _tls(server: Server, listening: bool = False) -> Any:
    import ssl

    if listening and not server.certificate:
        raise MarrowQuantError("What the server sends by C-MOVE over TLS needs our own certificate; give it (--certificate).")
    purpose = ssl.Purpose.CLIENT_AUTH if listening else ssl.Purpose.SERVER_AUTH
    context = ssl.create_default_context(purpose, cafile=str(server.authority) if server.authority else None)
    if server.certificate:
        context.load_cert_chain(str(server.certificate), str(server.key) if server.key else None)
    return context


def _client(server: Server) -> Any:
    """The client of a DICOMweb service. A password goes over TLS, or to this very computer, only."""
    need("dicomweb_client", "DICOMweb")
    import requests
    from dicomweb_client.api import DICOMwebClient

    class Asked(requests.adapters.HTTPAdapter):
        """What the options say; requests itself prefers REQUESTS_CA_BUNDLE of the environment to a session's own authority."""

        def send(
            self, request: Any, stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None, proxies: Any = None
        ) -> Any:
            believed = str(server.authority) if server.authority else verify
            return super().send(request, stream, timeout or server.timeout_s, believed, cert, proxies)

    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, Asked())
    secret = os.environ.get(PASSWORD, "")
    if secret and not re.match(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]", server.address):
        raise MarrowQuantError("The password would go over the network unprotected; use https://.")
    if secret and server.user:
        session.auth = (server.user, secret)
    elif secret:
        session.headers["Authorization"] = f"Bearer {secret}"
    if server.certificate:
        session.cert = (str(server.certificate), str(server.key)) if server.key else str(server.certificate)
    return DICOMwebClient(server.address.rstrip("/"), session=session)


@contextmanager
def _web_errors(file: str = "") -> Iterator[None]:
    import requests

    try:
        yield
    except requests.HTTPError as error:
        code = error.response.status_code if error.response is not None else 0
        if code in (401, 403):
            raise MarrowQuantError(
                "The server refuses the user or the password; set the option --user, and the password in {variable}.", variable=PASSWORD
            ) from None
        if code >= 500 or code in (0, 408, 429):
            raise _Away from error
        raise _refused(file or "the request", f"HTTP {code}") from None
    except requests.exceptions.SSLError:
        raise MarrowQuantError(
            "The server's certificate is not believed; give the certificate of who vouches for it with the option --authority."
        ) from None
    except (requests.RequestException, OSError) as error:
        raise _Away from error


@contextmanager
def _web_door(server: Server) -> Iterator[Callable[[Path], None]]:
    import pydicom

    client = _client(server)

    def store(path: Path) -> None:
        with quiet_pydicom():
            dataset = pydicom.dcmread(path)
        with _web_errors(path.name):
            answer = client.store_instances([dataset])
        failed = answer.get("FailedSOPSequence")
        if failed:
            raise _refused(path.name, f"status 0x{int(failed[0].get('FailureReason', 0)):04X}")

    yield store


# -------------------------------------------------------------------------------------------------------------- fetching
def find_studies(server: Server, patient_id: str = "", date: str = "") -> list[dict[str, str]]:
    """Studies on the server: UID, date (YYYYMMDD) and description, oldest first.

    Parameters
    ----------
    server : Server
    patient_id : str
        "" for any.
    date : str
        YYYYMMDD or a range of DICOM (YYYYMMDD-YYYYMMDD); "" for any.

    Raises
    ------
    MarrowQuantError
        If the server does not answer or refuses.
    """
    found = _tried(server, lambda: _find_web(server, patient_id, date) if server.is_web else _find(server, patient_id, date))
    return sorted(found, key=lambda study: (study["date"], study["uid"]))


def _find(server: Server, patient_id: str, date: str) -> list[dict[str, str]]:
    from pydicom import Dataset

    query = Dataset()
    query.QueryRetrieveLevel, query.PatientID, query.StudyDate = "STUDY", patient_id, date
    query.StudyInstanceUID, query.StudyDescription = "", ""
    found = []
    with _association(server, [(STUDY_ROOT_FIND, syntax) for syntax in _SYNTAXES]) as association:
        for status, answer in association.send_c_find(query, STUDY_ROOT_FIND):
            if not status:
                raise _Away
            if answer is not None:
                found.append(_study(answer))
    return found


def _find_web(server: Server, patient_id: str, date: str) -> list[dict[str, str]]:
    from pydicom import Dataset

    asked = {key: value for key, value in (("PatientID", patient_id), ("StudyDate", date)) if value}
    client = _client(server)
    with _web_errors():
        return [_study(Dataset.from_json(found)) for found in client.search_for_studies(search_filters=asked, fields=["StudyDescription"])]


def _study(answer: Dataset) -> dict[str, str]:
    names = {"uid": "StudyInstanceUID", "date": "StudyDate", "description": "StudyDescription"}
    return {key: str(answer.get(name, "")) for key, name in names.items()}


def fetch(server: Server, study_uid: str, folder: Path, progress: Progress = no_progress) -> int:
    """Fetch one study into a new folder: all of it or nothing.

    Returns
    -------
    int
        Files that were written.

    Raises
    ------
    MarrowQuantError
        If the server does not answer, holds no such study, or gives only a part of it.
    """
    if not re.fullmatch(r"[0-9.]{1,64}", study_uid):
        raise MarrowQuantError("'{uid}' is no UID of a study; list the studies first (--list).", uid=study_uid[:64])
    n = 0
    with in_one_step(Path(folder)) as unfinished:
        progress(0.0, "Fetching")
        way = _get_web if server.is_web else _move if server.listen else _get
        datasets = _tried(server, lambda: way(server, study_uid))
        if not datasets:
            raise MarrowQuantError("The server holds no study of this UID; list the studies first (--list).")
        for n, dataset in enumerate({str(each.SOPInstanceUID): each for each in datasets}.values(), start=1):
            write_dicom(dataset, unfinished / f"IM{n:05d}.dcm")
    progress(1.0, "Fetched")
    return n


def _query(study_uid: str) -> Dataset:
    from pydicom import Dataset

    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study_uid
    return query


def _kept(received: list[Dataset], study_uid: str) -> list[tuple[Any, Callable[[Any], int]]]:
    """The handler of what arrives; objects of another study are refused."""
    need("pynetdicom", "fetching from a PACS")
    from pynetdicom import evt

    def keep(event: Any) -> int:
        dataset = event.dataset
        if str(dataset.get("StudyInstanceUID")) != study_uid:
            return 0x0124  # not authorised (PS3.7 C.5.17)
        dataset.file_meta = event.file_meta
        received.append(dataset)
        return 0x0000

    return [(evt.EVT_C_STORE, keep)]


def _checked(status: Any, received: Sequence[Dataset]) -> None:
    """Refuse an answer that says that something is missing."""
    if not status:
        raise _Away
    if status.Status not in (0x0000, 0xFF00) and received:
        raise MarrowQuantError("The server gave only a part of the study; ask who keeps it, or use DICOMweb.")


def _get(server: Server, study_uid: str) -> list[Dataset]:
    received: list[Dataset] = []
    contexts = [(each, _SYNTAXES[0]) for each in (STUDY_ROOT_GET, *CLASSES)]
    with _association(server, contexts, get=True, handlers=_kept(received, study_uid)) as association:
        for status, _ in association.send_c_get(_query(study_uid), STUDY_ROOT_GET):
            _checked(status, received)
    return received


def _move(server: Server, study_uid: str) -> list[Dataset]:
    """As :func:`_get`, but the server sends to our own port, on an association of its own, as long as this one lasts."""
    received: list[Dataset] = []
    contexts = [(STUDY_ROOT_MOVE, syntax) for syntax in _SYNTAXES]
    with _listening(server, _kept(received, study_uid)), _association(server, contexts) as association:
        for status, _ in association.send_c_move(_query(study_uid), server.calling, STUDY_ROOT_MOVE):
            if status and status.Status not in (0x0000, 0xFF00) and not received:
                raise MarrowQuantError(
                    "The server sends nothing: it holds no such study, or does not know where {calling} is; list the studies (--list), and "
                    "have this AE title entered there with this computer's address and the port {port}.",
                    calling=server.calling, port=server.listen,
                )  # fmt: skip
            _checked(status, received)
    return received


@contextmanager
def _listening(server: Server, handlers: Sequence[Any]) -> Iterator[None]:
    """Take objects that the server, and nobody else, sends to our AE title; only at the address that leads to it."""
    from pynetdicom import AE

    title, host, port, secure = server.entity()
    entity = AE(ae_title=server.calling)
    entity.require_called_aet, entity.require_calling_aet = True, [title]
    for sop_class in CLASSES:
        entity.add_supported_context(sop_class, list(_SYNTAXES))
    context = _tls(server, listening=True) if secure else None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:  # no packet is sent
            way.connect((host, port))
            ours = way.getsockname()[0]
        listening: Any = entity.start_server((str(ours), server.listen or 0), block=False, evt_handlers=list(handlers), ssl_context=context)
    except OSError:
        raise MarrowQuantError(
            "Port {port} of this computer cannot be listened on; another program may use it, or it needs the administrator.",
            port=server.listen,
        ) from None
    try:
        yield
    finally:
        listening.shutdown()


def _get_web(server: Server, study_uid: str) -> list[Dataset]:
    client = _client(server)
    with _web_errors():
        found: list[Dataset] = client.retrieve_study(study_uid)
    return found


def _tried(server: Server, ask: Callable[[], Any]) -> Any:
    """The answer, asked for as often as the server may be away."""
    for attempt in range(server.attempts):
        try:
            return ask()
        except _Away:
            if attempt + 1 < server.attempts:
                time.sleep(server.wait_s * 2**attempt)
    raise MarrowQuantError("The server does not answer; check its address and the network, and try again.")
