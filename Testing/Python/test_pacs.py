"""To a real PACS and back: sent, found, fetched, followed; killed in the middle, away, refusing."""

from __future__ import annotations

import datetime
import shutil
import socket
import ssl
import subprocess
import threading
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from helpers import exported
from helpers.orthanc import SECRET, USER, Orthanc, free_port, tls_front
from helpers.small_exams import small_exam, write_small
from MarrowQuantLib import workflow
from MarrowQuantLib.export import pacs
from MarrowQuantLib.export.pacs import PASSWORD, Server, fetch, find_studies, send
from MarrowQuantLib.model import MarrowQuantError

pytest.importorskip("highdicom", reason="highdicom is not installed; DICOM objects need it (pip install highdicom).")
pytest.importorskip("pynetdicom", reason="pynetdicom is not installed (pip install pynetdicom).")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Results of one exam, and the folder with its objects."""
    from MarrowQuantLib.export.write import export_dicom

    folder = tmp_path_factory.mktemp("objects")
    results, files = exported.measured(folder / "exam", "ge")
    objects = export_dicom(results, files, folder / "objects")
    return results, folder / "objects", {str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in objects.values()}


@pytest.fixture
def orthanc(tmp_path):
    server = Orthanc(tmp_path / "orthanc")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def objects(written, tmp_path):
    """A copy of the objects, without a note of what was sent."""
    import shutil

    return shutil.copytree(written[1], tmp_path / "copy")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A PEM file with a key and the certificate of localhost, which nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; the tests of TLS make a certificate with it.")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
         "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], capture_output=True, check=True,
    )  # fmt: skip
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


def server_of(orthanc, kind, monkeypatch) -> Server:
    if kind in ("dicom", "move"):
        return Server(orthanc.dicom, attempts=2, wait_s=0.2, listen=orthanc.our_port if kind == "move" else None)
    pytest.importorskip("dicomweb_client", reason="dicomweb-client is not installed (pip install dicomweb-client).")
    monkeypatch.setenv(PASSWORD, SECRET)
    return Server(orthanc.web, user=USER, attempts=2, wait_s=0.2)


@pytest.mark.parametrize("kind", ["dicom", "move", "web"])
def test_round_trip(kind, orthanc, objects, written, tmp_path, monkeypatch):
    from MarrowQuantLib.export.prior import read_prior

    results, _, uids = written
    server = server_of(orthanc, kind, monkeypatch)
    assert send(objects, server) == (len(uids), 0)
    assert sorted(orthanc.instances()) == sorted(uids)
    assert send(objects, server) == (0, len(uids))  # it is noted what was confirmed
    (study,) = find_studies(server)
    assert fetch(server, study["uid"], tmp_path / "back") == len(uids)
    back, exam = read_prior(tmp_path / "back"), results.exams[0]
    assert {key: m.value for key, m in back.lumbar.items()} == {key: m.value for key, m in exam.lumbar.items()}
    assert np.array_equal(back.maps["ff"].array, exam.maps["ff"].array, equal_nan=True)
    assert np.array_equal(back.burden.labels.array, exam.burden.labels.array)
    assert [(c.state, c.volume_ml) for c in back.burden.components] == [(c.state, c.volume_ml) for c in exam.burden.components]


def test_a_follow_up_to_what_came_back_has_the_same_numbers(orthanc, objects, written, tmp_path, monkeypatch):
    """As ``marrowquant send``, ``fetch --listen`` and ``follow`` do it, against the same follow-up from the results at hand."""
    server = server_of(orthanc, "move", monkeypatch)
    send(objects, server)
    (study,) = find_studies(server)
    fetch(server, study["uid"], tmp_path / "back")
    exam = small_exam()
    write_small(tmp_path / "later", "ge", exam=replace(exam, index=1, date=exam.date + datetime.timedelta(days=63)), seed=1)
    here = workflow.follow(written[0].exams[0], tmp_path / "later")
    back = workflow.follow(workflow.read_baseline(tmp_path / "back"), tmp_path / "later")
    assert [v.measurements["ff"].value for v in here.exams[1].vertebrae if "ff" in v.measurements]
    assert len(here.changes) > 3 and _changes(here) == _changes(back)
    assert list(map(str, here.lesions)) == list(map(str, back.lesions))


def _changes(results):
    return [(c.name, c.level, c.baseline, c.follow_up, c.absolute, tuple(map(str, c.findings))) for c in results.changes]


def test_killed_in_mid_send_nothing_is_lost_and_nothing_twice(orthanc, objects, written, monkeypatch):
    server = server_of(orthanc, "dicom", monkeypatch)
    uids, seen = written[2], []

    def progress(fraction, text):
        seen.append(fraction)
        if len(seen) == 4:
            orthanc.kill()

    with pytest.raises(MarrowQuantError, match="start the same command again") as error:
        send(objects, server, progress)
    assert error.value.values["sent"] + error.value.values["left"] == len(uids) and error.value.values["sent"] >= 3
    orthanc.start()
    sent, before = send(objects, server)
    assert (sent + before, before) == (len(uids), error.value.values["sent"])
    assert sorted(orthanc.instances()) == sorted(uids)


def test_a_server_that_comes_back_gets_the_rest(orthanc, objects, written, monkeypatch):
    server = replace(server_of(orthanc, "dicom", monkeypatch), attempts=8, wait_s=0.5)
    seen = []

    def progress(fraction, text):
        seen.append(fraction)
        if len(seen) == 4:
            orthanc.kill()
            threading.Timer(1.0, orthanc.start).start()

    assert send(objects, server, progress)[0] == len(written[2])
    assert sorted(orthanc.instances()) == sorted(written[2])


def test_a_server_that_is_away_is_a_sentence(objects):
    away = Server(f"dicom://ORTHANC@127.0.0.1:{free_port()}", attempts=2, wait_s=0.1, timeout_s=2)
    with pytest.raises(MarrowQuantError, match="does not answer"):
        send(objects, away)
    with pytest.raises(MarrowQuantError, match="does not answer"):
        find_studies(away)


def test_a_wrong_password_is_a_sentence_and_none_goes_unprotected(orthanc, objects, monkeypatch):
    server = server_of(orthanc, "web", monkeypatch)
    monkeypatch.setenv(PASSWORD, "wrong")
    with pytest.raises(MarrowQuantError, match="refuses the user or the password"):
        send(objects, server)
    with pytest.raises(MarrowQuantError, match="unprotected"):
        pacs.find_studies(Server("http://pacs.example/dicom-web", user=USER))


def test_a_study_that_is_not_there_leaves_no_folder(orthanc, tmp_path, monkeypatch):
    server = server_of(orthanc, "dicom", monkeypatch)
    with pytest.raises(MarrowQuantError, match="holds no study"):
        fetch(server, "1.2.3", tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("address", ["dicom://host:4242", "ftp://host", "dicom://AE@host:0", "dicom://SEVENTEENLETTERSX@host:104", ""])
def test_an_address_that_is_none_is_a_sentence(address):
    with pytest.raises(MarrowQuantError, match="address of the server"):
        Server(address).entity()


def test_a_server_that_does_not_know_us_cannot_move(orthanc, objects, tmp_path, monkeypatch):
    server = server_of(orthanc, "move", monkeypatch)
    send(objects, server)
    (study,) = find_studies(server)
    with pytest.raises(MarrowQuantError, match="does not know where STRANGER is; list"):
        fetch(replace(server, calling="STRANGER", attempts=1), study["uid"], tmp_path / "back")
    assert not (tmp_path / "back").exists()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(MarrowQuantError, match="cannot be listened on"):
            fetch(replace(server, listen=taken.getsockname()[1]), study["uid"], tmp_path / "back")


def test_only_the_server_itself_may_send_to_our_port(orthanc, objects):
    """Whoever comes under another AE title, or with an object of another study, is refused."""
    from pynetdicom import AE

    received = []
    server = Server(orthanc.dicom, listen=free_port())
    path = next(iter(objects.rglob("*.dcm")))
    dataset = pydicom.dcmread(path)
    with pacs._listening(server, pacs._kept(received, "1.2.3")):
        for title, calling, allowed in (("MARROWQUANT", "INTRUDER", False), ("OTHER", "ORTHANC", False), ("MARROWQUANT", "ORTHANC", True)):
            entity = AE(ae_title=calling)
            entity.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
            association = entity.associate("127.0.0.1", server.listen, ae_title=title)
            assert association.is_established == allowed
            if allowed:
                assert association.send_c_store(dataset).Status != 0x0000
                association.release()
    assert received == []


def test_dicomweb_over_tls_with_a_password(orthanc, certificate, objects, written, tmp_path, monkeypatch):
    server = server_of(orthanc, "web", monkeypatch)
    with tls_front(orthanc.http_port, certificate) as port:
        server = replace(server, address=f"https://localhost:{port}/dicom-web")
        with pytest.raises(MarrowQuantError, match="certificate is not believed"):
            send(objects, server)
        believed = replace(server, authority=certificate)
        monkeypatch.setenv(PASSWORD, "wrong")
        with pytest.raises(MarrowQuantError, match="refuses the user or the password"):
            send(objects, believed)
        assert orthanc.instances() == []
        monkeypatch.setenv(PASSWORD, SECRET)
        assert send(objects, believed) == (len(written[2]), 0)
        (study,) = find_studies(believed)
        assert fetch(believed, study["uid"], tmp_path / "back") == len(written[2])


def test_tls_certificates_are_checked(objects, certificate):
    """A server with a certificate that nobody vouches for is not spoken to."""
    from pynetdicom import AE, evt

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    stored = []
    entity = AE(ae_title="TLSPACS")
    for path in objects.rglob("*.dcm"):
        entity.add_supported_context(pydicom.filereader.read_file_meta_info(path).MediaStorageSOPClassUID)
    port = free_port()
    listening = entity.start_server(
        ("127.0.0.1", port), block=False, ssl_context=context, evt_handlers=[(evt.EVT_C_STORE, lambda event: stored.append(1) or 0x0000)]
    )
    try:
        server = Server(f"dicoms://TLSPACS@localhost:{port}", attempts=1, timeout_s=5)
        with pytest.raises(MarrowQuantError, match="does not answer"):
            send(objects, server)
        assert stored == []
        sent, _ = send(objects, replace(server, authority=certificate))
        assert sent == len(stored) > 0
    finally:
        listening.shutdown()
