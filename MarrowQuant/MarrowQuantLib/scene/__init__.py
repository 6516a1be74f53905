"""Ring 2: results into the MRML scene and back. The only package that knows Slicer's nodes; it knows nothing of Qt.

Outside Slicer, call :func:`MarrowQuantLib.scene.headless.start` before the first function of another module here.
"""
