/*{
"DESCRIPTION": "All functions that read an image agree.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]
}*/

void main() {
    bool isOk = IMG_THIS_PIXEL(inputImage) == IMG_NORM_PIXEL(inputImage, isf_FragNormCoord) && distance(IMG_PIXEL(inputImage, isf_FragNormCoord * IMG_SIZE(inputImage)), IMG_THIS_NORM_PIXEL(inputImage)) < 1e-4 && IMG_NORM_THIS_PIXEL(inputImage) == IMG_THIS_PIXEL(inputImage);
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
