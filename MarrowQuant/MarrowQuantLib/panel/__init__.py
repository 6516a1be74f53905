"""Ring 3: the panel in Slicer, one class a step. The only package that knows Qt; every button is one call of :class:`scene.case.Case`."""
