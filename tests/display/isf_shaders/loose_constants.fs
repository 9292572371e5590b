/*{
"DESCRIPTION": "A constant that is only known when it runs.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "amount", "TYPE": "float", "DEFAULT": 0.5}]
}*/

const float twice = amount * 2.0;
void main() {
    bool isOk = twice == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
