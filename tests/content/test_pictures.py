"""Pictures: every kind that a folder of photos holds is upright and right in colour, or a sentence."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from visualizer import paths
from visualizer.content import pictures
from visualizer.content.content import find_contents, open_content, our_pictures, thumbnail
from visualizer.types import UInt8, UserError

RED, BLUE = (220, 30, 30), (30, 40, 210)


def halves(width: int = 120, height: int = 80) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def near(pixel: UInt8, colour: tuple[int, ...], tolerance: float = 12) -> bool:
    return bool(np.abs(pixel.astype(float) - colour).max() <= tolerance)


def shown(path: Path, size_px: int = 96) -> UInt8:
    content = open_content(str(path), size_px)
    frame = content.frame(0.0)
    assert content.is_still and content.sentence == "" and frame.number == content.frame(99.0).number
    assert frame.pixels.dtype == np.uint8 and frame.pixels.flags.c_contiguous
    assert max(frame.pixels.shape[:2]) == size_px and frame.pixels.shape[2] == 3
    content.close()
    return frame.pixels


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "gif", "bmp", "tif", "ppm", "jp2", "tga"])
def test_every_format_shows_its_colours(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"halves.{extension}"
    halves().save(path)
    pixels = shown(path)
    assert pixels.shape == (64, 96, 3)
    assert near(pixels[32, 10], RED) and near(pixels[32, 85], BLUE)


@pytest.mark.parametrize(
    "mode", ["L", "1", "P", "RGBA", "LA", "PA", "I;16", "I", "F", "CMYK", "YCbCr", "LAB", "HSV"]
)
def test_every_mode_keeps_light_left_and_dark_right(tmp_path: Path, mode: str) -> None:
    grey = Image.new("L", (120, 80), 230)
    grey.paste(20, (60, 0, 120, 80))
    if mode in ("I;16", "I"):
        picture = Image.fromarray(
            (np.asarray(grey).astype(np.uint16) * 257).astype({"I": np.int32}.get(mode, np.uint16))
        )
    elif mode == "F":
        picture = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    elif mode == "LAB":
        picture = ImageCms.profileToProfile(
            grey.convert("RGB"),
            ImageCms.createProfile("sRGB"),
            ImageCms.createProfile("LAB"),
            outputMode="LAB",
        )
    elif mode == "PA":
        picture = grey.convert("P").convert("PA")
    else:
        picture = grey.convert(mode)
    assert near(np.asarray(pictures._to_rgb(picture, None))[40, 20], (230,) * 3, 30)
    path = tmp_path / ("grey.tif" if mode in ("CMYK", "LAB", "F", "I", "YCbCr") else "grey.png")
    try:
        picture.save(path)
    except (OSError, KeyError):
        return  # no file format here holds this mode
    pixels = shown(path)
    assert near(pixels[32, 10], (230,) * 3, 30) and near(pixels[32, 85], (20,) * 3, 30)


def test_a_cmyk_jpeg_with_a_profile_is_shown_in_its_colours(tmp_path: Path) -> None:
    halves().convert("CMYK").save(tmp_path / "print.jpg")
    pixels = shown(tmp_path / "print.jpg")
    assert near(pixels[32, 10], RED, 25) and near(pixels[32, 85], BLUE, 25)
    halves().save(tmp_path / "broken-profile.jpg", icc_profile=b"no profile at all")
    assert near(shown(tmp_path / "broken-profile.jpg")[32, 10], RED)


def test_transparency_lies_on_a_neutral_ground_without_fringes(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (640, 640), (255, 0, 0, 0))
    clear.paste((255, 255, 255, 255), (0, 0, 320, 640))
    clear.save(tmp_path / "clear.png")
    pixels = shown(tmp_path / "clear.png")
    assert near(pixels[48, 5], (255,) * 3) and near(pixels[48, 90], pictures.GROUND)
    assert (pixels.max(2) - pixels.min(2)).max() <= 2, "the hidden red shows"
    Image.new("P", (32, 32), 0).save(tmp_path / "clear.gif", transparency=0)
    assert near(shown(tmp_path / "clear.gif")[48, 48], pictures.GROUND)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_followed(tmp_path: Path, orientation: int) -> None:
    upright = Image.new("RGB", (120, 80), RED)
    upright.paste(BLUE, (0, 40, 120, 80))
    upright.paste((240, 240, 240), (0, 0, 60, 40))  # white, red over blue
    inverse = {None: None} | {o: t for o, t in pictures._UPRIGHT.items()}
    swap = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    turn = swap.get(orientation, inverse.get(orientation))
    stored = upright.transpose(turn) if turn is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "o.jpg", exif=exif, quality=95)
    pixels = shown(tmp_path / "o.jpg")
    assert pixels.shape == (64, 96, 3)
    assert near(pixels[10, 10], (240,) * 3) and near(pixels[10, 85], RED) and near(pixels[55, 48], BLUE)


def test_one_pixel_fills_the_picture(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), RED).save(tmp_path / "dot.png")
    pixels = shown(tmp_path / "dot.png")
    assert pixels.shape == (96, 96, 3) and (pixels == RED).all()


def test_an_animation_shows_its_first_picture(tmp_path: Path) -> None:
    for name in ("moving.gif", "moving.webp"):
        Image.new("RGB", (64, 64), RED).save(
            tmp_path / name, save_all=True, append_images=[Image.new("RGB", (64, 64), BLUE)], duration=100
        )
        assert near(shown(tmp_path / name)[48, 48], RED)


def test_a_huge_jpeg_is_reduced_while_it_is_decoded(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="peak memory is read as on Unix")
    path = tmp_path / "huge.jpg"
    Image.new("L", (20_000, 20_000), 200).save(path, quality=10)
    code = (
        "import resource, sys; from pathlib import Path; from visualizer.content import pictures\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"assert pictures.load(Path({str(path)!r}), 256).shape == (256, 256, 3)\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.ROOT, check=True
    )
    assert float(ran.stdout) < 200, "megabytes"


def test_a_huge_png_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = bytes(1 + 20_000 * 3)
    path = tmp_path / "huge.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(row * 10))
        + chunk(b"IEND", b"")
    )
    began_s = time.perf_counter()
    with pytest.raises(UserError, match=r"20000 × 20000 pixels.*save it"):
        open_content(str(path), 256)
    assert time.perf_counter() - began_s < 2, "it would take longer to unpack"


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "gif", "bmp", "tif"])
def test_damaged_files_end_in_a_sentence_or_a_picture_never_in_a_traceback(
    tmp_path: Path, extension: str
) -> None:
    whole = tmp_path / f"whole.{extension}"
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(noise).save(whole)
    data = bytearray(whole.read_bytes())
    rng = np.random.default_rng(2)
    broken = tmp_path / f"broken.{extension}"
    for trial in range(60):
        damaged = bytearray(data)
        if trial % 3 == 0:
            damaged = damaged[: int(rng.integers(1, len(data)))]
        else:
            for at in rng.integers(0, min(len(data), 600), 1 + trial % 5):
                damaged[at] = int(rng.integers(256))
        broken.write_bytes(damaged)
        for read in (lambda: pictures.load(broken, 64), lambda: thumbnail(broken, 64)):
            try:
                assert read().shape[2] == 3
            except UserError as error:
                assert str(broken) in str(error) and str(error).endswith(".")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), "HEIC.*save it as JPEG"),
        ("phone.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64), "HEIC.*save it as JPEG"),
        ("note.txt", b"no picture\n" * 50, "neither a picture nor a video.*give a picture"),
        ("empty.jpg", b"", "is empty; give a picture"),
        (
            "drawing.eps",
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
            "neither a picture nor a video",
        ),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=says):
        open_content(str(tmp_path / name), 256)
    with pytest.raises(UserError):
        thumbnail(tmp_path / name, 64)


@pytest.mark.parametrize("wanted", ["nowhere.jpg", "/dev/null", "a\0b", "~nobody-here/x.png"])
def test_a_path_to_nothing_is_one_sentence(wanted: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(There is no|neither a file|cannot be read).*[;].*\.$"):
        open_content(wanted, 256, base=tmp_path)


def test_a_picture_outlives_its_file_and_bases_are_followed(tmp_path: Path) -> None:
    halves().save(tmp_path / "a.png")
    content = open_content("a.png", 96, base=tmp_path)
    (tmp_path / "a.png").unlink()
    assert near(content.frame(5.0).pixels[32, 10], RED) and content.name == "a.png" and not content.sentence


def test_a_size_that_is_no_multiple_of_16_is_rounded_down(tmp_path: Path) -> None:
    halves().save(tmp_path / "a.png")
    assert open_content(str(tmp_path / "a.png"), 250).frame(0).pixels.shape == (160, 240, 3)


def test_the_default_is_the_first_of_ours_and_they_can_be_named() -> None:
    ours = our_pictures()
    assert len(ours) >= 5 and find_contents()[0] == str(ours[0])
    assert open_content("", 256).name == ours[0].name
    assert open_content(ours[2].stem, 256).name == ours[2].name
    for path in ours:
        assert path.stat().st_size <= 150 * 1024
        pixels = shown(path, 512).astype(float)
        assert pixels.std() > 25, "flat"


def test_without_our_pictures_one_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    content = open_content("", 256)
    frame = content.frame(0.0)
    assert frame.pixels.shape == (176, 256, 3) and frame.pixels.std() > 20 and content.sentence == ""


def test_a_damaged_picture_of_ours_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(b"broken")
    halves().save(tmp_path / "pictures" / "b.jpg")
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    assert open_content("", 256).name == "b.jpg"


def test_found_contents_are_ours_then_the_folder_in_a_persons_order(tmp_path: Path) -> None:
    for name in ("b10.png", "b9.png", "A.JPG", "film.mp4", "note.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.png").mkdir()
    theirs = [Path(path).name for path in find_contents(tmp_path)[len(our_pictures()) :]]
    assert theirs == ["A.JPG", "b9.png", "b10.png", "film.mp4"]
    assert find_contents(tmp_path / "nowhere") == find_contents()


def test_thumbnails_keep_the_whole_shape(tmp_path: Path) -> None:
    halves(1200, 300).save(tmp_path / "wide.jpg")
    assert thumbnail(tmp_path / "wide.jpg", 160).shape == (40, 160, 3)
    assert thumbnail(tmp_path, 160).shape == (40, 160, 3), "of a folder its first picture"
    halves(30, 20).save(tmp_path / "small.png")
    assert thumbnail(tmp_path / "small.png", 160).shape == (20, 30, 3)
    shutil.rmtree(tmp_path)
    with pytest.raises(UserError, match="There is no"):
        thumbnail(tmp_path / "wide.jpg", 160)
