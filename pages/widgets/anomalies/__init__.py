"""Widgets of the page "Anomalies"."""
