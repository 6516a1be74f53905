"""Files and texts at the border: images, text, atomic folders, words of identity, arguments, threads."""
