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
vec2 turned(vec2 p, float angle) {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    return mat2(cos(angle), sin(angle), -sin(angle), cos(angle)) * (p * aspect) / aspect;
}

// Beyond its edge a picture is mirrored.
vec2 folded(vec2 q) {
    return 1.0 - abs(1.0 - mod(q + 0.5, 2.0));
}

void main() {
    float ease = progress * progress * (3.0 - 2.0 * progress);
    float pace = 4.0 * progress * (1.0 - progress);
    vec2 p = isf_FragNormCoord - 0.5;
    vec2 start = turned(p, 1.2 * turn * ease) * exp(-depth * ease);
    vec2 end = turned(p, 1.2 * turn * (ease - 1.0)) * exp(depth * (1.0 - ease));
    float share = smoothstep(0.28, 0.72, progress);
    float streak = 0.032 * blur * pace * depth * (1.0 + 0.5 * u_bass);
    vec3 light = vec3(0.0);
    for (int i = -3; i <= 3; i++) {
        float stretch = 1.0 - streak * float(i);
        vec3 a = IMG_NORM_PIXEL(startImage, folded(start * stretch)).rgb;
        vec3 b = IMG_NORM_PIXEL(endImage, folded(end * stretch)).rgb;
        light += mix(a * a, b * b, share) / 7.0;
    }
    gl_FragColor = vec4(sqrt(light), 1.0);
}
