/*{
"DESCRIPTION": "Whole numbers where floats are meant.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

float x = 3;
void main() {
    bool isOk = x == 3.0 && pow(2, 2) == 4.0 && max(1, 0.5) == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
