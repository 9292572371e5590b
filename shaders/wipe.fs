/*{
  "ISFVSN": "2",
  "DESCRIPTION": "One broad brush stroke after the other lays the new picture over the old.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "direction", "TYPE": "float", "MIN": 0.0, "MAX": 360.0, "DEFAULT": 20.0, "LABEL": "Which way the brush goes, in degrees from left to right."},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.01, "MAX": 1.0, "DEFAULT": 0.12, "LABEL": "How soft the edge is."},
    {"NAME": "bristles", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How far single bristles run ahead."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What its pattern is made of"}
  ]
}*/

const float CELLS = 128.0;

vec4 field(vec2 p) {
    vec2 cell = floor(p);
    vec2 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(noise, (cell + f + 0.5) / CELLS);
}

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
vec3 mixed(vec3 a, vec3 b, float share) {
    return sqrt(mix(a * a, b * b, share));
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 way = vec2(cos(radians(direction)), sin(radians(direction)));
    vec2 p = (uv - 0.5) * aspect;
    float half_ = 0.5 * dot(abs(way), aspect);
    float along = dot(p, way) / half_ * 0.5 + 0.5;
    float across = dot(p, vec2(-way.y, way.x));
    // Strokes as broad as a hand, each with bristles of its own.
    float stroke = field(vec2(across * 7.0, 2.0)).x;
    float hair = field(vec2(across * 62.0, along * 2.2)).y * 0.6 + field(vec2(across * 150.0, along * 3.0)).z * 0.4;
    float lag = bristles * (0.45 * stroke + 0.22 * hair) * (1.0 + 0.25 * u_bass);
    float soft = softness + 0.02;
    float wave = progress * (1.0 + bristles * 0.84 + soft) - along - lag;
    float share = smoothstep(0.0, soft, wave);
    // Both ends are the pictures themselves.
    share = progress >= 1.0 ? 1.0 : progress <= 0.0 ? 0.0 : share;
    vec3 a = IMG_NORM_PIXEL(startImage, uv).rgb;
    vec3 b = IMG_NORM_PIXEL(endImage, uv).rgb;
    float middle = 4.0 * progress * (1.0 - progress);
    float ridge = exp(-wave * wave / (soft * soft) * 2.0) * middle;
    vec3 c = mixed(a, b, share);
    c *= 1.0 + 0.35 * ridge * (hair - 0.55) - 0.12 * middle * exp(-abs(wave + 0.02) * 40.0);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
