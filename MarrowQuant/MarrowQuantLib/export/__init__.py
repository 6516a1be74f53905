"""Results as DICOM objects that a PACS keeps: segmentations, parametric maps, a TID 1500 report, the report as PDF, and its first page.

Everything that needs highdicom is imported when it is used: an installation without it reads and measures as before.
"""
