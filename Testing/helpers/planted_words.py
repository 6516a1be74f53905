"""Words of a patient that never lived, to be looked for in files."""

from __future__ import annotations

import gzip
import io
import zipfile

PLANTED = ("zweistein", "albertina", "pid4711x", "18790314", "1879-03-14", "山田", "太郎", "1.2.840.99", "secret study")


def everything_in(data: bytes) -> list[bytes]:
    """Names and contents of a bundle's members, of bundles within it, and what gzip packed inside NRRD files."""
    pieces = [data]
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        for name in bundle.namelist():
            content = bundle.read(name)
            pieces += [name.encode(), content]
            if name.endswith(".mrb"):
                pieces += everything_in(content)
            elif name.endswith(".nrrd"):
                pieces.append(gzip.decompress(content.partition(b"\n\n")[2]))
    return pieces


def found(path) -> list[str]:
    everything = b"\0".join(everything_in(path.read_bytes())).decode("utf-8", "replace").lower()
    return [word for word in PLANTED if word in everything]
