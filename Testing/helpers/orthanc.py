"""A real PACS for the tests: Orthanc on loopback, its files in a temporary folder, started and stopped by the test that asks."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

USER, SECRET = "tester", "only-for-this-test"
PLUGINS = ("/usr/share/orthanc/plugins", "/usr/lib/orthanc")


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def tls_front(port: int, certificate: Path) -> Iterator[int]:
    """TLS in front of a plain port of loopback, as a web server stands before Orthanc in a hospital; gives its own port.

    Orthanc 1.10's own TLS ends the process at the first connection where it was built with OpenSSL 3 (Debian 12).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Pass(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                inside = context.wrap_socket(self.request, server_side=True)
            except (ssl.SSLError, OSError):  # who does not believe the certificate hangs up
                return
            with inside, socket.create_connection(("127.0.0.1", port)) as plain:
                back = threading.Thread(target=_pour, args=(plain, inside), daemon=True)
                back.start()
                _pour(inside, plain)
                back.join()

    class Front(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Front(("127.0.0.1", 0), Pass) as front:
        threading.Thread(target=front.serve_forever, daemon=True).start()
        try:
            yield int(front.server_address[1])
        finally:
            front.shutdown()


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


class Orthanc:
    """One server; it can be killed and started again on the same files and ports."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("Orthanc") or shutil.which("orthanc")
        if program is None:
            pytest.skip("Orthanc is not installed; the tests of a PACS need it (apt install orthanc orthanc-dicomweb).")
        self.program, self.dicom_port, self.http_port, self.our_port = program, free_port(), free_port(), free_port()
        self.plugin = next((p for place in PLUGINS for p in sorted(Path(place).glob("*DicomWeb*.so*"))), None)
        folder.mkdir(exist_ok=True)
        self.settings = folder / "orthanc.json"
        self.settings.write_text(json.dumps({
            "Name": "test", "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"), "HttpServerEnabled": True,
            "HttpPort": self.http_port, "HttpBindAddresses": ["127.0.0.1"], "RemoteAccessAllowed": False, "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: SECRET}, "DicomServerEnabled": True, "DicomAet": "ORTHANC", "DicomPort": self.dicom_port,
            "DicomModalities": {"mq": ["MARROWQUANT", "127.0.0.1", self.our_port]}, "DicomAlwaysAllowFind": True,
            "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
            "OverwriteInstances": False, "Plugins": [str(self.plugin)] if self.plugin else [],
        }), encoding="utf-8")  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def dicom(self) -> str:
        """Its address for C-STORE and C-GET."""
        return f"dicom://ORTHANC@127.0.0.1:{self.dicom_port}"

    @property
    def web(self) -> str:
        """Root of its DICOMweb service."""
        if self.plugin is None:
            pytest.skip("Orthanc's DICOMweb plugin is not installed (apt install orthanc-dicomweb).")
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = subprocess.Popen([self.program, self.settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                self.ask("/system")
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise TimeoutError("Orthanc did not start")

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, path: str) -> Any:
        """What its own interface answers."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}")
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{USER}:{SECRET}".encode()).decode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def instances(self) -> list[str]:
        """UIDs of all that it holds."""
        return [self.ask(f"/instances/{each}")["MainDicomTags"]["SOPInstanceUID"] for each in self.ask("/instances")]
