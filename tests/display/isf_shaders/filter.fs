/*{
  "DESCRIPTION": "A filter.",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]
}*/

void main() {
    gl_FragColor = vec4(0.0, IMG_THIS_PIXEL(inputImage).a, 0.0, 1.0);
}
