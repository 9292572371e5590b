/*{
"DESCRIPTION": "A literal in braces, as GLSL 4 has it.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

const float weights[2] = {1.0, 2.0};
void main() {
    bool isOk = weights[1] == 2.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
