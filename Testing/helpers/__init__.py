"""What several tests and benchmarks share: exams, DICOM files, simulated spines and results made for them."""
