"""Representation quality of a run's codings, beside PCA codings of the same size and raw pixels.

`measure.compute` fills a probe's folder. The modules import scikit-learn; the package itself does not.
"""
