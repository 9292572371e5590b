/*{
"DESCRIPTION": "Values without labels, and labels without values.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "a", "TYPE": "long", "VALUES": [3, 7], "DEFAULT": 7}, {"NAME": "b", "TYPE": "long", "LABELS": ["x", "y"], "DEFAULT": 1}]
}*/

void main() {
    bool isOk = a == 7 && b == 1;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
