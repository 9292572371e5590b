/*{
"DESCRIPTION": "What is heard, beyond ISF.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

void main() {
    bool isOk = u_bass == 0.5 && u_flow == 2.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
