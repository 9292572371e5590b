/*{
  "ISFVSN": "2",
  "DESCRIPTION": "From linear light to the shown frame: enlarge, sharpen, glow, grade, flash, vignette, grain, dither.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Color Effect", "Film"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image", "LABEL": "The scene in linear light"},
    {"NAME": "glowImage", "TYPE": "image", "LABEL": "Blurred bright parts in linear light"},
    {"NAME": "sharpness", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.6},
    {"NAME": "glow", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.0},
    {"NAME": "saturation", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "turn", "TYPE": "point2D", "DEFAULT": [1.0, 0.0], "LABEL": "Cosine and sine of the hue's turn"},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.5, "MAX": 2.0, "DEFAULT": 1.0},
    {"NAME": "flash", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "vignette", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "grain", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "seed", "TYPE": "long", "DEFAULT": 0},
    {"NAME": "brightness", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0}
  ]
}*/

const vec3 LUMA = vec3(0.299, 0.587, 0.114);

// Two 16-bit random numbers for this pixel and this frame.
vec2 dice() {
    uvec2 at = uvec2(gl_FragCoord.xy);
    uint n = at.x * 1597334677u ^ at.y * 3812015801u ^ uint(seed) * 2798796415u;
    n = (n ^ (n >> 16)) * 2246822519u;
    n = (n ^ (n >> 13)) * 3266489917u;
    n ^= n >> 16;
    return vec2(float(n & 65535u), float(n >> 16)) / 65535.0;
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 px = 1.0 / IMG_SIZE(inputImage);
    vec3 here = IMG_NORM_PIXEL(inputImage, uv).rgb;
    vec3 c = sqrt(here);
    if (sharpness > 0.0) {
        vec3 around = IMG_NORM_PIXEL(inputImage, uv + vec2(px.x, px.y)).rgb;
        around += IMG_NORM_PIXEL(inputImage, uv + vec2(-px.x, px.y)).rgb;
        around += IMG_NORM_PIXEL(inputImage, uv + vec2(px.x, -px.y)).rgb;
        around += IMG_NORM_PIXEL(inputImage, uv - px).rgb;
        // Limited, so that strokes get an edge and hard contours no halo.
        c += clamp(sharpness * (c - sqrt(0.25 * around)), -0.06, 0.06);
    }
    if (glow > 0.0) {
        vec3 halo = clamp(glow * sqrt(IMG_NORM_PIXEL(glowImage, uv).rgb), 0.0, 1.0);
        c = 1.0 - (1.0 - clamp(c, 0.0, 1.0)) * (1.0 - halo * halo);
    }
    float grey = dot(c, LUMA);
    vec3 tint = c - grey;
    // The turn happens in the plane of equal lightness (Rodrigues about the grey axis).
    tint = tint * turn.x + cross(vec3(0.57735), tint) * turn.y + vec3(0.57735) * dot(vec3(0.57735), tint) * (1.0 - turn.x);
    c = grey + saturation * tint;
    c = (c - 0.45) * contrast + 0.45;
    c = clamp(c, 0.0, 1.0);
    c += c * (1.0 - c) * flash;
    vec2 corner = (uv - 0.5) * 1.42;
    c *= 1.0 - vignette * smoothstep(0.25, 1.15, dot(corner, corner)) * 0.8;
    vec2 r = dice();
    float speck = r.x + r.y - 1.0;
    c += grain * speck * (0.3 + 0.7 * (1.0 - grey)) * 0.16;
    gl_FragColor = vec4(c * brightness + speck * brightness / 255.0, 1.0);
}
