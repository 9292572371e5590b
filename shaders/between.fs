/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A moment between two pictures: both are carried along the way that leads from the one to the other.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "way", "TYPE": "image", "LABEL": "From the first to the second in UV, 0 where it is unknown"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 v = IMG_NORM_PIXEL(way, uv).xy;
    vec3 a = IMG_NORM_PIXEL(startImage, uv - progress * v).rgb;
    vec3 b = IMG_NORM_PIXEL(endImage, uv + (1.0 - progress) * v).rgb;
    gl_FragColor = vec4(sqrt(mix(a * a, b * b, progress)), 1.0);
}
