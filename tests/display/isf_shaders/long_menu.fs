/*{
"DESCRIPTION": "A menu gives the value of its label.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "kind", "TYPE": "long", "VALUES": [3, 7, 9], "LABELS": ["a", "b", "c"], "DEFAULT": 7}]
}*/

void main() {
    bool isOk = kind == 7;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
