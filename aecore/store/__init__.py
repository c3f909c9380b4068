"""The cache folder: run folders and other results, their states, leases and eviction."""
