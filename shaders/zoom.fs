/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The eye goes into the old picture and arrives in the new one, everything between blurred by speed.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "depth", "TYPE": "float", "MIN": 0.1, "MAX": 2.0, "DEFAULT": 0.7, "LABEL": "How far the eye goes in."},
    {"NAME": "blur", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How much speed blurs."},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.12, "LABEL": "How far it turns on the way."}
  ]
}*/

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
vec3 mixed(vec3 a, vec3 b, float share) {
    return sqrt(mix(a * a, b * b, share));
}

vec2 seen(vec2 p, float size, float angle) {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    p = mat2(cos(angle), sin(angle), -sin(angle), cos(angle)) * (p * aspect) / aspect / size + 0.5;
    return 1.0 - abs(1.0 - mod(p + 2.0, 2.0));
}

void main() {
    float ease = progress * progress * (3.0 - 2.0 * progress);
    float pace = 4.0 * progress * (1.0 - progress);
    vec2 p = isf_FragNormCoord - 0.5;
    float in_ = exp(depth * ease);
    float out_ = exp(-depth * (1.0 - ease));
    float angle = 1.2 * turn * ease, rest = 1.2 * turn * (ease - 1.0);
    float share = smoothstep(0.28, 0.72, progress);
    float streak = 0.032 * blur * pace * depth * (1.0 + 0.5 * u_bass);
    vec3 light = vec3(0.0);
    for (int i = 0; i < 7; i++) {
        float stretch = 1.0 + streak * (float(i) - 3.0);
        vec3 a = IMG_NORM_PIXEL(startImage, seen(p, in_ * stretch, angle)).rgb;
        vec3 b = IMG_NORM_PIXEL(endImage, seen(p, out_ * stretch, rest)).rgb;
        light += mix(a * a, b * b, share) / 7.0;
    }
    gl_FragColor = vec4(sqrt(light), 1.0);
}
