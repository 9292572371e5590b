/*{
  "ISFVSN": "2",
  "DESCRIPTION": "An old lens: colours part towards the corners, and further with bass and every onset.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Color Effect", "Film"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.6, "LABEL": "How far the colours part."},
    {"NAME": "centre", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.25, "LABEL": "How much they part in the middle, too."},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.2, "LABEL": "How much they part sideways instead of outwards."},
    {"NAME": "kick", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How much bass and onsets add."}
  ]
}*/

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 p = uv - 0.5;
    float far = 0.016 * amount * (0.5 + kick * (0.8 * u_bass + 1.2 * u_onset));
    vec2 sway = vec2(cos(0.3 * u_flow), sin(0.3 * u_flow));
    vec2 shift = far * (1.6 * p * (0.4 + 0.9 * dot(p, p)) + 0.35 * centre * sway);
    shift += turn * vec2(-shift.y, shift.x);
    // Five places, red to blue, so that edges become a soft spectrum and no doubled print.
    vec3 a = IMG_NORM_PIXEL(inputImage, uv - shift).rgb;
    vec3 b = IMG_NORM_PIXEL(inputImage, uv - 0.5 * shift).rgb;
    vec3 c = IMG_NORM_PIXEL(inputImage, uv).rgb;
    vec3 d = IMG_NORM_PIXEL(inputImage, uv + 0.5 * shift).rgb;
    vec3 e = IMG_NORM_PIXEL(inputImage, uv + shift).rgb;
    gl_FragColor = vec4(0.55 * a.r + 0.45 * b.r, 0.25 * b.g + 0.5 * c.g + 0.25 * d.g, 0.45 * d.b + 0.55 * e.b, 1.0);
}
