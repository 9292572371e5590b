/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Cross-dissolve of two pictures in linear light.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
void main() {
    vec3 a = IMG_THIS_NORM_PIXEL(startImage).rgb;
    vec3 b = IMG_THIS_NORM_PIXEL(endImage).rgb;
    gl_FragColor = vec4(sqrt(mix(a * a, b * b, progress)), 1.0);
}
