/*{
  "ISFVSN": "2",
  "DESCRIPTION": "One picture develops out of another: light comes first, shadows follow.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "order", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How far light runs ahead of shadow."}
  ]
}*/

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
void main() {
    vec3 a = IMG_THIS_NORM_PIXEL(startImage).rgb;
    vec3 b = IMG_THIS_NORM_PIXEL(endImage).rgb;
    // Where the brighter of both is bright, the change begins early; at 0 and 1 all is the one or the other.
    float bright = max(dot(a, vec3(0.3, 0.6, 0.1)), dot(b, vec3(0.3, 0.6, 0.1)));
    float start = order * 0.5 * (1.0 - bright);
    float here = smoothstep(start, start + 1.0 - 0.5 * order, progress);
    gl_FragColor = vec4(sqrt(mix(a * a, b * b, here)), 1.0);
}
