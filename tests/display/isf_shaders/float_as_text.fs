/*{
"DESCRIPTION": "A number written as a text is one.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "amount", "TYPE": "float", "MIN": "0", "MAX": "4.0", "DEFAULT": "3"}]
}*/

void main() {
    bool isOk = amount == 3.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
