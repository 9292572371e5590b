"""Picture files of any kind as (H, W, 3) uint8 RGB: upright, on a neutral ground, without eating memory."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from visualizer.content.content import Frame
from visualizer.content.fitting import Size, cover_box, fitted_size, frozen
from visualizer.types import UInt8, UserError

Image.init()
_TAKEN = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "TGA", "PPM", "QOI")
FORMATS = [name for name in _TAKEN if name in Image.OPEN]
"""What is opened. Not everything Pillow knows: EPS, for one, would run Ghostscript."""
GROUND = (128, 128, 128)
"""What shows through a transparent picture."""
MAX_DECODED_PX = 80_000_000
"""At most so many pixels are unpacked into memory (about 320 MB)."""
MAX_REDUCED_PX = 1_000_000_000
"""A baseline JPEG may have so many: it is reduced up to 8 times while it is decoded."""
_GAP = 3.0
"""Cheap reduction stops at so many times the wanted size; the rest is resampled with care."""

_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,  # Pillow's word for a broken PNG or TIFF
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    AssertionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises for damaged files, found by damaging some."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What each EXIF orientation needs."""

Image.MAX_IMAGE_PIXELS = None  # the limits above are ours; Pillow's would refuse what can be reduced


class Picture:
    """A still picture, read once. `frame` gives it for ever, whatever becomes of its file."""

    is_still = True
    sentence = ""

    def __init__(self, path: Path, size_px: int) -> None:
        """Raises UserError for what cannot be read."""
        self.name = path.name
        self._frame = Frame(load(path, size_px), 1)

    def frame(self, time_s: float) -> Frame:
        """See `Content`."""
        return self._frame

    def close(self) -> None:
        """Nothing is open."""


class Sketch:
    """Hills before an evening sky, computed on the spot, for where not even our own pictures are found."""

    name = "sketch"
    is_still = True
    sentence = ""

    def __init__(self, size_px: int) -> None:
        self._frame = Frame(frozen(_sketch(fitted_size(3, 2, size_px))), 1)

    def frame(self, time_s: float) -> Frame:
        """See `Content`."""
        return self._frame

    def close(self) -> None:
        """Nothing is open."""


def is_picture(path: Path) -> bool:
    """Whether this is some picture, by its first bytes; True for HEIC too, which `load` then explains."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Image.open(path, formats=FORMATS).close()
        return True
    except UnidentifiedImageError:
        return _is_heic(path)
    except _BROKEN:
        return True  # it claims to be one; reading it says what is wrong


def load(path: Path, size_px: int) -> UInt8:
    """The picture fitted to `size_px` (see fitting.py), read-only; of an animation, the first picture.

    UserError, with the fix, for what is damaged, too large or of no known format.
    """
    picture = _read(path, size_px)
    size = fitted_size(*picture.size, size_px)
    return _resampled(picture, size, cover_box(*picture.size, size))


def thumbnail(path: Path, size_px: int) -> UInt8:
    """The picture in its own shape, longer side at most `size_px`. Raises as `load`."""
    picture = _read(path, size_px)
    scale = min(1.0, size_px / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return _resampled(picture, size, (0, 0, *picture.size))


def fit(pixels: UInt8, size: Size) -> UInt8:
    """(H, W, 3) resampled to cover `size`, its middle; read-only."""
    picture = Image.fromarray(pixels)
    return _resampled(picture, size, cover_box(*picture.size, size))


def _resampled(picture: Image.Image, size: Size, box: tuple[float, float, float, float]) -> UInt8:
    resized = picture.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=_GAP)
    return frozen(np.asarray(resized))


def _read(path: Path, size_px: int) -> Image.Image:
    """The picture in RGB, upright, at least `size_px` long where the file is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which is no concern of ours
            with Image.open(path, formats=FORMATS) as picture:
                full = picture.size
                picture.draft(None, (round(size_px * _GAP), round(size_px * _GAP)))
                _check_size(path, picture, full)
                upright = _UPRIGHT.get(_orientation(picture))
                profile = picture.info.get("icc_profile")
                rgb = _to_rgb(_reduced(picture, size_px), profile)
        return rgb.transpose(upright) if upright is not None else rgb
    except UnidentifiedImageError as error:
        raise UserError(_unknown(path)) from error
    except _BROKEN as error:
        raise UserError(f"{path} is damaged or cannot be read; save it again as JPEG or PNG.") from error


def _check_size(path: Path, picture: Image.Image, full: Size) -> None:
    """UserError for what would not fit in memory; called after the draft, before anything is unpacked."""
    is_progressive = bool(picture.info.get("progressive") or picture.info.get("progression"))
    width, height = full if is_progressive else picture.size  # a progressive JPEG is unpacked whole
    if width * height > MAX_DECODED_PX or full[0] * full[1] > MAX_REDUCED_PX:
        raise UserError(
            f"{path} has {full[0]} × {full[1]} pixels, too many to unpack; save it with at most "
            f"{MAX_DECODED_PX / 1e6:.0f} megapixels, or as a baseline JPEG."
        )


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(0x0112, 1))
    except _BROKEN:
        return 1  # a picture with broken metadata is still a picture


def _reduced(picture: Image.Image, size_px: int) -> Image.Image:
    """Unpacked, then shrunk by a whole factor before anything makes another copy of it."""
    picture.seek(0)
    picture.load()
    factor = int(max(picture.size) / (size_px * _GAP))
    if factor <= 1:
        return picture
    if picture.mode in ("P", "1") or picture.mode.startswith(("I", "F")):
        size = max(1, picture.width // factor), max(1, picture.height // factor)
        return picture.resize(size, Image.Resampling.NEAREST)  # these modes know no averages
    return picture.reduce((min(factor, picture.width), min(factor, picture.height)))


def _to_rgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_wide_grey(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data or picture.mode in ("LA", "La", "PA", "RGBA", "RGBa"):
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (*GROUND, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    if profile and picture.mode in ("RGB", "CMYK", "L", "LAB"):
        with contextlib.suppress(
            ImageCms.PyCMSError, *_BROKEN
        ):  # without it the numbers as they are come close
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            managed = ImageCms.profileToProfile(
                picture, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if managed is not None:
                return managed
    return picture.convert("RGB")


def _wide_grey(grey: np.ndarray) -> UInt8:
    """16 or 32 bits or floats as 8 bits; what says no range of its own is stretched from least to most."""
    values = np.nan_to_num(grey.astype(np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if grey.dtype.kind in "iu" and low >= 0 and high <= 65_535:
        low, high = 0.0, 65_535.0 if high > 255 or grey.dtype.itemsize == 2 else 255.0
    elif grey.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return (np.clip((values - low) / max(high - low, 1e-9), 0, 1) * 255 + 0.5).astype(np.uint8)


def _is_heic(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head[4:8] == b"ftyp" and head[8:12] in (
        b"heic",
        b"heix",
        b"hevc",
        b"heim",
        b"heis",
        b"mif1",
        b"msf1",
    )


def _unknown(path: Path) -> str:
    if _is_heic(path):
        return f"{path} is a HEIC picture, which cannot be read here; save it as JPEG or PNG."
    return f"{path} is no picture that can be read here; save it as JPEG or PNG."


def _sketch(size: Size) -> UInt8:
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    glow = np.exp(-((x - 0.68) ** 2 + (y - 0.4) ** 2) / 0.02)
    sky = np.array([70.0, 95, 150]) * (1 - y[..., None]) + np.array([250.0, 190, 130]) * y[..., None]
    picture = sky + glow[..., None] * np.array([70.0, 60, 20])
    for index in range(5):
        waves = [np.sin((3 + 4 * k + index) * x * (k + 1) + 2.1 * index + k) / (k + 1) for k in range(4)]
        ridge = 0.45 + 0.11 * index - 0.05 * np.sum(waves, axis=0)
        shade = np.array([130.0, 125, 150]) * (1 - 0.2 * index)
        light = 1 + 0.35 * np.exp(-np.abs(y - ridge) * 14)
        picture = np.where((y > ridge)[..., None], shade * light[..., None], picture)
    return np.clip(picture, 0, 255).astype(np.uint8)
