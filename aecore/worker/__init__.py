"""Code of the worker processes: the only part of the package that imports TensorFlow, UMAP and scikit-learn.

`training` trains runs, `pretraining` experiments; `projection` computes maps and `probe` measures runs. Each writes its
result into a folder of the cache, from which pages read it.
"""
