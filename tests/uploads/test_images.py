"""Images from files and ZIPs, and ZIPs that mean harm."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore.errors import UploadError
from aecore.uploads import archive
from tests.uploads.made_files import coloured, image_file, read, zip_file


def test_folders_of_a_zip_are_classes_and_colours_stay(tmp_path: Path) -> None:
    files = coloured(20)
    content = {f"all/{'cat' if i < 8 else 'dog'}/{i:02}.png": one for i, one in enumerate(files)}
    samples = read(tmp_path, zip_file({**content, "all/readme.txt": b"x", "__MACOSX/._a.png": b"y"}))
    assert samples.form == "images" and samples.x.shape == (20, 12, 12, 3) and samples.x.dtype == np.uint8
    assert samples.classes == ("cat", "dog") and np.bincount(samples.labels).tolist() == [8, 12]
    expected = np.asarray(Image.open(io.BytesIO(files[0])))
    assert (samples.x[0] == expected).all()
    assert "1 other file in the ZIP left out." in samples.facts


def test_a_zip_with_train_and_test_folders_brings_its_own_split(tmp_path: Path) -> None:
    files = coloured(24)
    content = {f"{'test' if i % 4 == 0 else 'train'}/{'ab'[i % 2]}/{i}.png": one for i, one in enumerate(files)}
    samples = read(tmp_path, zip_file(content))
    assert samples.n_test == 6 and samples.classes == ("a", "b")
    expected = np.asarray(Image.open(io.BytesIO(files[0])))
    assert any((one == expected).all() for one in samples.x[-6:])


def test_several_files_without_classes_of_many_sizes_and_modes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rgb, grey = random.integers(0, 256, (40, 30, 3), np.uint8), random.integers(0, 256, (20, 25), np.uint8)
    frames = [Image.fromarray(random.integers(0, 256, (30, 30), np.uint8)) for _ in range(3)]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = io.BytesIO()
    Image.fromarray((grey.astype(np.uint16)) * 257).save(deep, "PNG")
    files = [
        image_file(rgb),
        image_file(rgb, "JPEG", quality=95),
        image_file(rgb, "JPEG", exif=exif),
        image_file(rgb, "JPEG", "CMYK"),
        image_file(rgb, "PNG", "P"),
        image_file(rgb, "WEBP"),
        image_file(rgb, "BMP"),
        image_file(rgb, "TIFF"),
        image_file(grey),
        deep.getvalue(),
        moving.getvalue(),
    ]
    samples = read(tmp_path, *files, side=16)
    assert samples.x.shape == (11, 16, 16, 3) and samples.labels is None
    said = " ".join(samples.facts)
    for part in ("sizes, scaled and padded to 16 × 16", "CMYK", "mode P", "I;16", "1 image turned", "1 animation"):
        assert part in said, part
    assert np.abs(samples.x[8].astype(int) - samples.x[9]).max() <= 1  # 8 and 16 bits are the same picture


def test_exif_turns_the_picture(tmp_path: Path) -> None:
    pixels = np.zeros((20, 10, 3), np.uint8)
    pixels[:10] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    upright = [image_file(pixels)] * 9
    samples = read(tmp_path, *upright, image_file(pixels, "PNG", exif=exif))
    assert samples.x[0, 0, 0] == 255 and samples.x[-1, 0, 0] == 0 and samples.x[-1, -1, 0] == 255


def test_the_rule_for_other_proportions_changes_the_pixels(tmp_path: Path) -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    files = [image_file(wide), *coloured(10)]
    by_rule = {rule: read(tmp_path, *files, fit=rule, side=30).x[0] for rule in ("pad", "crop", "stretch")}
    assert (by_rule["crop"][..., 0] > 150).mean() > 0.9  # the middle only
    assert 0.3 < (by_rule["stretch"][15, :, 0] > 100).mean() < 0.37
    assert (by_rule["pad"][2] == by_rule["pad"][2, 0]).all() and (by_rule["pad"][15, :, 0] > 100).any()


def test_transparent_pixels_become_white(tmp_path: Path) -> None:
    layers = np.zeros((8, 8, 4), np.uint8)
    layers[2:4, 2:4] = (255, 0, 0, 255)
    samples = read(tmp_path, *[image_file(np.roll(layers, i % 4, axis=0)) for i in range(10)])
    assert samples.x[0, 0, 0].tolist() == [255, 255, 255] and samples.x[0, 2, 2].tolist() == [255, 0, 0]


def test_grey_pictures_saved_as_colour_are_grey(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    files = [image_file(np.repeat(random.integers(0, 256, (9, 9, 1), np.uint8), 3, axis=2)) for _ in range(12)]
    assert read(tmp_path, *files).x.shape == (12, 9, 9)
    assert read(tmp_path, *files, colour="colour").x.shape == (12, 9, 9, 3)
    assert read(tmp_path, *coloured(12), colour="grey").x.shape == (12, 12, 12)


def test_damaged_and_renamed_files_are_counted_and_left_out(tmp_path: Path) -> None:
    files = {f"{i}.png": one for i, one in enumerate(coloured(12))}
    cut = {"cut.png": files["0.png"][:200], "text.png": b"no picture", "bomb.png": claims(100_000, 100_000)}
    samples = read(tmp_path, zip_file({**files, **cut}))
    assert len(samples.x) == 12 and "3 files left out" in samples.facts[-1]


def claims(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its pixels do not have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        entry = zipfile.ZipInfo("link.png")
        entry.external_attr = 0o120777 << 16
        file.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


def lying(content: bytes) -> bytes:
    """A ZIP whose list of members claims a larger size than a deflated member can have."""
    packed = bytearray(zip_file({"a.png": content}))
    at = packed.rfind(b"PK\x01\x02")
    packed[at + 24 : at + 28] = struct.pack("<I", 2**31 - 1)
    return bytes(packed)


def many_members() -> bytes:
    return zip_file({f"{i}.png": b"" for i in range(65_100)}, zipfile.ZIP_STORED)


HOSTILE = {
    "../": lambda: (zip_file({"../../up.png": coloured(1)[0]}), "names inside of the ZIP"),
    "absolute": lambda: (zip_file({"/etc/up.png": coloured(1)[0]}), "names inside of the ZIP"),
    "drive": lambda: (zip_file({"C:\\up.png": coloured(1)[0]}), "names inside of the ZIP"),
    "link": lambda: (link(), "which is a link"),
    "nested": lambda: (zip_file({"in.zip": zip_file({"a.png": b""})}), "an archive inside"),
    "lzma": lambda: (zip_file({"a.png": coloured(1)[0]}, zipfile.ZIP_LZMA), "stored or deflated"),
    "claims 2 GB": lambda: (lying(coloured(1)[0]), "would unpack to 2,147,483,647 bytes"),
    "unpacks to 30 MB": lambda: (zip_file({"a.bmp": bytes(30 * 2**20)}), "has more than 20 MB"),
    "many members": lambda: (many_members(), "allowed: at most 65,000"),
    "cut off": lambda: (zip_file({"a.png": coloured(1)[0]})[:-30], "cut off"),
    "no images": lambda: (zip_file({"a.txt": b"hello"}), "a ZIP without images"),
    "office": lambda: (zip_file({"[Content_Types].xml": b"", "xl/a": b""}), "saved as CSV"),
    "one image": lambda: (zip_file({"a.png": coloured(1)[0]}), "got 1 sample that can be used, allowed: 10 or more"),
    "all equal": lambda: (zip_file({f"{i}.png": coloured(1)[0] for i in range(12)}), "all equal"),
    "huge PNG": lambda: (claims(100_000, 100_000), "megapixels"),
    "large PNG": lambda: (claims(9_000, 9_000), "megapixels"),
    "HDF5": lambda: (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    "empty": lambda: (b"", "an empty file"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_means_harm_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, reason = HOSTILE[name]()
    with pytest.raises(UploadError, match="^[^\n]*$") as refused:
        read(tmp_path, content)
    assert reason in str(refused.value)
    assert len(list(tmp_path.iterdir())) == 1  # nothing was unpacked


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1000)
    with pytest.raises(UploadError, match="unpacked"):
        read(tmp_path, zip_file({f"{i}.png": one for i, one in enumerate(coloured(12))}))


def test_more_bytes_than_the_server_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AECORE_UPLOAD_MB", "1")
    with pytest.raises(UploadError, match="upload: got 2 MB, allowed: at most 1 MB on this server"):
        read(tmp_path, bytes(2 * 2**20))
