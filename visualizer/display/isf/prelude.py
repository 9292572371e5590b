"""What is put before a shader's own code: the variables and functions that ISF promises."""

from __future__ import annotations

from collections.abc import Iterable

HEARD = ("bass", "mid", "treble", "level", "onset", "beat", "beat_phase", "bar_phase", "tempo", "flow")
"""What shaders hear beyond ISF: `u_<name>`, each a float; see `motion.Motion`."""

GLSL_TYPES = {
    "float": "float",
    "bool": "bool",
    "event": "bool",
    "long": "int",
    "point2D": "vec2",
    "color": "vec4",
    "image": "sampler2D",
    "audio": "sampler2D",
    "audioFFT": "sampler2D",
}

UNIFORMS = {
    "TIME": "float",
    "TIMEDELTA": "float",
    "DATE": "vec4",
    "RENDERSIZE": "vec2",
    "FRAMEINDEX": "int",
    **{f"u_{name}": "float" for name in HEARD},
}

COORDINATE = "isf_FragNormCoord"

_FUNCTIONS = f"""\
vec4 isf_norm(sampler2D image, vec2 uv) {{ return texture(image, uv); }}
vec4 isf_norm(sampler2D image, vec2 uv, float bias) {{ return texture(image, uv); }}
vec4 isf_px(sampler2D image, vec2 px) {{ return texture(image, px / vec2(textureSize(image, 0))); }}
vec4 isf_px(sampler2D image, vec2 px, float bias) {{ return isf_px(image, px); }}
vec4 isf_proj(sampler2D image, vec3 uvw) {{ return texture(image, uvw.xy / uvw.z); }}
vec4 isf_proj(sampler2D image, vec4 uvw) {{ return texture(image, uvw.xy / uvw.w); }}
vec4 isf_lod(sampler2D image, vec2 uv, float lod) {{ return textureLod(image, uv, 0.0); }}
vec4 isf_grad(sampler2D image, vec2 uv, vec2 dx, vec2 dy) {{ return texture(image, uv); }}
vec2 isf_size(sampler2D image) {{ return vec2(textureSize(image, 0)); }}
#define IMG_NORM_PIXEL isf_norm
#define IMG_PIXEL isf_px
#define IMG_SIZE isf_size
#define IMG_THIS_NORM_PIXEL(image) isf_norm(image, {COORDINATE})
#define IMG_NORM_THIS_PIXEL(image) isf_norm(image, {COORDINATE})
#define IMG_THIS_PIXEL(image) isf_norm(image, {COORDINATE})
"""

_VERTEX_CORNERS = f"""\
out vec2 {COORDINATE};
vec2 isf_corner() {{ return vec2(gl_VertexID & 1, gl_VertexID >> 1); }}
#define isf_position vec3(isf_corner() * 2.0 - 1.0, 0.0)
void isf_vertShaderInit() {{
    {COORDINATE} = isf_corner();
    gl_Position = vec4({COORDINATE} * 2.0 - 1.0, 0.0, 1.0);
}}
"""

VERTEX = f"""#version 330 core
out vec2 {COORDINATE};
void main() {{
    vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
    {COORDINATE} = corner;
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}}
"""
"""One triangle that covers the frame, for shaders without a vertex shader of their own."""

VERTEX_END = """
void main() {
    isf_vertShaderInit();
    isf_main();
}
"""
"""After a vertex shader of the user's, whose `main` is called `isf_main`; it may forget to call init."""


def declare(names: Iterable[tuple[str, str]]) -> str:
    """Uniforms as (type, name)."""
    return "".join(f"uniform {type_} {name};\n" for type_, name in names)


def fragment(uniforms: Iterable[tuple[str, str]], has_own_output: bool) -> str:
    """Before a fragment shader."""
    output = "" if has_own_output else "out vec4 isf_FragColor;\n"
    return f"precision highp float;\nin vec2 {COORDINATE};\n{output}{_FUNCTIONS}{declare(uniforms)}"


def vertex(uniforms: Iterable[tuple[str, str]]) -> str:
    """Before a vertex shader: four corners of a strip, so that what it clamps is not stretched."""
    return f"{_VERTEX_CORNERS}{_FUNCTIONS}{declare(uniforms)}"
