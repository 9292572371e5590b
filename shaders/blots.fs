/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The new picture soaks through the old in blots, as wet paint through paper.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.5, "MAX": 8.0, "DEFAULT": 2.5, "LABEL": "How small the blots are."},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.02, "MAX": 1.0, "DEFAULT": 0.3, "LABEL": "How soft the edges of the blots are."},
    {"NAME": "rim", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much pigment gathers at the edges."},
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
    vec2 p = uv * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * scale;
    vec3 a = IMG_NORM_PIXEL(startImage, uv).rgb;
    vec3 b = IMG_NORM_PIXEL(endImage, uv).rgb;
    vec4 broad = field(p + 3.0);
    vec4 fine = field(p * 3.1 + 1.5 * broad.zw + 0.05 * u_flow);
    float order = 0.58 * broad.x + 0.26 * fine.x + 0.16 * field(p * 9.0).y;
    // Values of noise gather in the middle: spread, so that blots come all along.
    order = smoothstep(0.22, 0.78, order);
    float soft = softness * (1.0 + 0.3 * u_bass);
    float wave = progress * (1.0 + soft) - order;
    float share = smoothstep(0.0, soft, wave);
    vec3 c = mixed(a, b, share);
    float middle = 4.0 * progress * (1.0 - progress);
    c *= 1.0 - 0.45 * rim * middle * exp(-abs(wave / soft - 0.35) * 7.0);
    gl_FragColor = vec4(c, 1.0);
}
