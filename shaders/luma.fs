/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The lights of the new picture burn through first, edged with an ember.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.02, "MAX": 1.0, "DEFAULT": 0.25, "LABEL": "How soft the change is at one place."},
    {"NAME": "dark_first", "TYPE": "bool", "DEFAULT": false, "LABEL": "Shadows come first instead of lights."},
    {"NAME": "ember", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "How bright the ember at the edge is; beats fan it."},
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

const vec3 LUMA = vec3(0.3, 0.6, 0.1);

void main() {
    vec2 uv = isf_FragNormCoord;
    vec3 a = IMG_NORM_PIXEL(startImage, uv).rgb;
    vec3 b = IMG_NORM_PIXEL(endImage, uv).rgb;
    float bright = 0.65 * dot(b, LUMA) + 0.35 * dot(a, LUMA);
    vec2 p = uv * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float rough = 0.6 * field(p * 6.0).x + 0.4 * field(p * 19.0).y - 0.5;
    float order = clamp((dark_first ? bright : 1.0 - bright) + 0.3 * rough, 0.0, 1.0);
    float wave = progress * (1.0 + softness) - order;
    float share = smoothstep(0.0, softness, wave);
    float middle = smoothstep(0.0, 0.15, progress) * smoothstep(1.0, 0.85, progress);
    float glow = ember * middle * exp(-abs(wave / softness - 0.4) * 6.0) * (0.55 + 0.3 * u_level + 0.5 * u_beat);
    vec3 c = mixed(a, b, share);
    vec3 light = c * c + glow * vec3(0.62, 0.27, 0.07) * (0.4 + c);
    gl_FragColor = vec4(sqrt(clamp(light, 0.0, 1.0)), 1.0);
}
