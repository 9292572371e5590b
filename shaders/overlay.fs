/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A panel over the picture, with a dot that beats.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Generator"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image", "LABEL": "Colour multiplied with alpha, bottom row first"},
    {"NAME": "dot", "TYPE": "point2D", "DEFAULT": [0.0, 0.0], "LABEL": "Centre of the dot, px"},
    {"NAME": "radius", "TYPE": "float", "MIN": 0.0, "MAX": 50.0, "DEFAULT": 0.0, "LABEL": "0 leaves it out"},
    {"NAME": "shine", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/

void main() {
    vec4 panel = IMG_THIS_NORM_PIXEL(inputImage);
    float inside = clamp(radius + 0.5 - distance(isf_FragNormCoord * RENDERSIZE, dot), 0.0, 1.0);
    if (radius > 0.0)
        panel = mix(panel, vec4(0.93, 0.79, 0.55, 1.0), inside * (0.25 + 0.75 * shine));
    gl_FragColor = panel;
}
