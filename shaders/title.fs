/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Words or a logo over the picture.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Generator"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image", "LABEL": "Colour multiplied with alpha, bottom row first"},
    {"NAME": "opacity", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0}
  ]
}*/

void main() {
    gl_FragColor = IMG_THIS_NORM_PIXEL(inputImage) * opacity;
}
