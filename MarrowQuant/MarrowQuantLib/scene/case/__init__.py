"""One patient in the scene: exams, ROIs, tumour load, follow-up, laboratory."""
