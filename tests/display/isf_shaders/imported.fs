/*{
"DESCRIPTION": "A picture beside the shader; one that is missing is replaced by a pattern.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "IMPORTED": {"green": {"PATH": "images/green.png"}, "nowhere": {"PATH": "images/nowhere.png"}}
}*/

void main() {
    bool isOk = IMG_THIS_PIXEL(green).g == 1.0 && IMG_THIS_PIXEL(nowhere).a == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
