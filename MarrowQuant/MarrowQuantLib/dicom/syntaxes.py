"""Transfer syntaxes (PS3.5 Annex A, PS3.6 Annex A) by what they mean for the pixels."""

BIG_ENDIAN, RLE = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5"
UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN)
JPEG = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91))
DECODABLE = JPEG | {RLE}
"""Compressed ones that are read in every installation: JPEG, JPEG-LS, JPEG 2000, run lengths."""
ALWAYS_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 81))
"""JPEG processes 1, 2 and 4, and JPEG-LS near-lossless; the others may be either."""
