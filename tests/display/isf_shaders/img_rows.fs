/*{
"DESCRIPTION": "Row 0 is the bottom of the picture, and beyond the edge the edge goes on.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]
}*/

void main() {
    bool isOk = IMG_PIXEL(inputImage, vec2(0.5)).g < 0.05 && IMG_PIXEL(inputImage, vec2(0.5, 3.5)).g > 0.7 && IMG_NORM_PIXEL(inputImage, vec2(-3.0, 9.0)) == IMG_PIXEL(inputImage, vec2(0.5, 3.5));
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
