/*{
"DESCRIPTION": "The functions work inside macros, nested, and on samplers that are arguments.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]
}*/

#define TAP(dx) IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + vec2(dx, 0.0))
vec4 twice(sampler2D image, vec2 uv) {
    return 0.5 * (IMG_NORM_PIXEL(image, uv) + texture2D(image, uv));
}
void main() {
    bool isOk = distance(TAP(0.0), twice(inputImage, isf_FragNormCoord)) < 1e-5 && IMG_NORM_PIXEL(inputImage, IMG_NORM_PIXEL(inputImage, vec2(0.5, 0.5)).xy).a == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
