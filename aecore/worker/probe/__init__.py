"""Representation quality of a run's codings, beside PCA codings of the same size and raw pixels.

`measure.compute` is the worker's entry; scikit-learn is imported by this package's modules, not by the package itself.
"""
