/*{
"DESCRIPTION": "Version 1 may use inputImage without declaring it.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

void main() {
    bool isOk = IMG_THIS_PIXEL(inputImage).a == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
