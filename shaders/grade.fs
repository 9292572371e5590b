/*{
  "ISFVSN": "2",
  "DESCRIPTION": "From linear light to colour: glow, hue, saturation, contrast, flash, vignette.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Color Effect"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image", "LABEL": "The scene in linear light"},
    {"NAME": "glowImage", "TYPE": "image", "LABEL": "Blurred bright parts in linear light"},
    {"NAME": "glow", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.0},
    {"NAME": "saturation", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "turn", "TYPE": "point2D", "DEFAULT": [1.0, 0.0], "LABEL": "Cosine and sine of the hue's turn"},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.5, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "flash", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "vignette", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/

const vec3 LUMA = vec3(0.299, 0.587, 0.114);
const vec3 GREY = vec3(0.57735);

void main() {
    vec2 uv = isf_FragNormCoord;
    vec3 c = sqrt(IMG_NORM_PIXEL(inputImage, uv).rgb);
    if (glow > 0.0) {
        // Screened, so that glow never clips.
        vec3 halo = clamp(glow * glow * IMG_NORM_PIXEL(glowImage, uv).rgb, 0.0, 1.0);
        c = 1.0 - (1.0 - c) * (1.0 - halo);
    }
    float grey = dot(c, LUMA);
    vec3 tint = c - grey;
    // Rodrigues' turn about the grey axis.
    tint = tint * turn.x + cross(GREY, tint) * turn.y + GREY * dot(GREY, tint) * (1.0 - turn.x);
    c = grey + saturation * tint;
    c = clamp((c - 0.45) * contrast + 0.45, 0.0, 1.0);
    c += c * (1.0 - c) * flash;
    vec2 corner = (uv - 0.5) * 1.42;
    c *= 1.0 - vignette * smoothstep(0.25, 1.15, dot(corner, corner)) * 0.8;
    gl_FragColor = vec4(c, 1.0);
}
