"""Page "Your data": own files become a data set that all pages know, for this visitor only."""

import streamlit as st

from pages.widgets.frame import header, shell
from pages.widgets.session import own_data
from pages.widgets.your_data import preview, upload

shell.enter()


def main() -> None:
    st.markdown("# Your data")
    st.caption(
        "Images, arrays or a table become a data set of the sidebar: train on it, map it, compare. Thousands of "
        "samples that differ work best, and every change to them is listed. Nobody else sees your data."
    )
    header.notices()
    left, right = st.columns([2, 3], gap="large")
    with left:
        upload.draw()
    with right:
        names = own_data.names()
        if names:
            preview.draw(names)
        else:
            st.markdown("## Nothing added yet")
            st.caption(
                "A ZIP of pictures with a folder for each class, several PNG, JPEG, WebP, BMP, GIF or TIFF files, NPY "
                "and NPZ arrays (x, y), MNIST's IDX files, or a table as CSV, TSV or Parquet."
            )


main()
