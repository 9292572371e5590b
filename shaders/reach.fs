/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A picture in the middle of a wider one, going on mirrored to both sides as it does on the wall.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "reach", "TYPE": "float", "MIN": 1.0, "MAX": 64.0, "DEFAULT": 1.0, "LABEL": "Width in widths of the picture"}
  ]
}*/

// The wall leaves out as much at each edge of a picture: there it turns back.
const float TRIM = 0.02;

void main() {
    vec2 uv = isf_FragNormCoord;
    float across = (uv.x - 0.5) * reach / (1.0 - 2.0 * TRIM) + 0.5;
    uv.x = mix(TRIM, 1.0 - TRIM, 1.0 - abs(1.0 - mod(across, 2.0)));
    gl_FragColor = IMG_NORM_PIXEL(inputImage, uv);
}
