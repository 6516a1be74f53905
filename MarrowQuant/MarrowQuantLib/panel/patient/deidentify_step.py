"""Section 8: a copy of DICOM files without identity, for a core lab. It belongs to no patient in the scene and is never missing."""

from __future__ import annotations

import html
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import qt
from slicer.i18n import tr as _

from ...deidentify import PROFILES, Summary, deidentify
from ...deidentify.audit import TEXT_NAME
from ...model import Progress
from ..fields import PathField
from ..language import said
from ..step import Step

if TYPE_CHECKING:
    from .panel import Panel


class DeidentifyStep(Step):
    """Choose folders and the key, copy, read what was left out. Nothing of it is kept in the scene: the paths may name the patient."""

    def __init__(self, panel: Panel, ui: Any) -> None:
        super().__init__(panel, ui, ui.deidentifySection, ui.deidentifyMessage)
        self._summary: Optional[Summary] = None
        self._report = ""
        texts = {
            "longitudinal": _("Longitudinal: dates are shifted"),
            "quantification": _("Quantification: no dates"),
            "basic": _("Basic: no dates, no private elements"),
        }
        self._profiles = sorted(PROFILES, key=list(texts).index)
        ui.profileComboBox.addItems([texts[profile] for profile in self._profiles])
        self._paths = (ui.identifiedPathLineEdit, ui.deidentifiedPathLineEdit, ui.keyPathLineEdit)
        self._fields = [PathField(path, getattr(ui, f"{path.objectName}Refusal"), self.onPathChanged) for path in self._paths]
        panel.fields += self._fields
        ui.deidentifyButton.connect("clicked()", self.onDeidentify)

    def onPathChanged(self, path: str) -> None:
        """Another path: what was done before is no longer told."""
        self._summary = None
        self.refresh()

    def forget(self) -> None:
        """The scene is being closed: what is shown here may be of the patient in it."""
        self._summary = None
        for field in self._fields:
            field.show("")
        self.refresh()

    def onDeidentify(self) -> None:
        """Copy without identity."""
        self._summary = None
        self.panel.run(self._copy)

    def _copy(self, progress: Progress) -> None:
        source, out, key = (Path(lineEdit.currentPath) for lineEdit in self._paths)
        boxes = {"device": self.ui.retainDeviceCheckBox, "characteristics": self.ui.retainCharacteristicsCheckBox}
        self._summary = deidentify(
            source,
            out,
            key,
            profile=self._profiles[self.ui.profileComboBox.currentIndex],
            retain=[name for name, box in boxes.items() if box.checked],
            progress=progress,
        )
        self._report = qt.QUrl.fromLocalFile(str(out / TEXT_NAME)).toString()

    def missing(self) -> str:
        """Nothing: the step is never needed."""
        return ""

    def note(self) -> str:
        """Counts, why files were left out, and a link to the audit report; rich text."""
        if self._summary is None:
            return ""
        lines = [
            _("{n} of {total} files written; patients: {patients}.").format(
                n=len(self._summary.passed), total=self._summary.n_files, patients=len(self._summary.patients)
            )
        ]
        reasons = Counter(file.reason for file in self._summary.left_out).most_common()
        lines += [html.escape(_("Left out: {n} × {reason}").format(n=n, reason=said(reason))) for reason, n in reasons]
        lines.append(_("Audit report:") + f' <a href="{html.escape(self._report)}">{TEXT_NAME}</a>')
        lines.append(_("Keep the key apart from the data."))
        return "<br>".join(lines)

    def refresh(self) -> None:
        """No tick: this section is not part of the way from exam to report."""
        self.message.text = self.note()
        self.message.visible = bool(self.message.text)
        self.show()

    def show(self) -> None:
        """Enable copying once all paths are given; tell what was done."""
        ready = all(lineEdit.currentPath for lineEdit in self._paths)
        self.ui.deidentifyButton.enabled = ready
        self.ui.deidentifyButton.toolTip = (
            _("Write the copy and its audit report.") if ready else _("Choose the folder to read, a new folder to write, and the key file.")
        )
