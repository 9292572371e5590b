/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The corners sink into umber, as in an old varnish, and the light in the middle breathes.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Film", "Color Adjustment"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.85, "LABEL": "How dark the corners are."},
    {"NAME": "size", "TYPE": "float", "MIN": 0.1, "MAX": 1.5, "DEFAULT": 0.45, "LABEL": "How large the light part is."},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.05, "MAX": 1.0, "DEFAULT": 0.7, "LABEL": "How slowly light becomes dark."},
    {"NAME": "roundness", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "A circle, or the shape of the frame where it is low."},
    {"NAME": "breath", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much bass and beats open it."}
  ]
}*/

void main() {
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    vec2 p = (isf_FragNormCoord - 0.5) * 2.0;
    p *= mix(vec2(1.0), vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * 0.75, roundness);
    float open = size * (1.0 + breath * (0.25 * u_bass + 0.12 * u_beat));
    float dark = amount * smoothstep(open - 0.3 * softness, open + 1.3 * softness, length(p));
    vec3 varnish = c * c * mix(vec3(1.0), vec3(0.20, 0.12, 0.07), dark) + 0.004 * dark;
    varnish *= 1.0 + 0.18 * breath * u_bass * (1.0 - dark);
    gl_FragColor = vec4(sqrt(clamp(varnish, 0.0, 1.0)), 1.0);
}
