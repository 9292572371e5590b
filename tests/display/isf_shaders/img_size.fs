/*{
"DESCRIPTION": "The size of an image, as a function and as a uniform of old hosts.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]
}*/

void main() {
    bool isOk = IMG_SIZE(inputImage) == vec2(8.0, 4.0) && _inputImage_imgSize == vec2(8.0, 4.0) && _inputImage_imgRect.zw == vec2(1.0) && !_inputImage_flip;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
