/*{
"DESCRIPTION": "The functions of older GLSL.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]
}*/

void main() {
    bool isOk = texture2D(inputImage, isf_FragNormCoord) == IMG_THIS_PIXEL(inputImage) && distance(texture2DRect(inputImage, vec2(0.5)), IMG_PIXEL(inputImage, vec2(0.5))) < 1e-5 && texture2DProj(inputImage, vec3(1.0, 1.0, 2.0)) == texture2D(inputImage, vec2(0.5)) && texture2DLod(inputImage, vec2(0.5), 0.0).a == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
