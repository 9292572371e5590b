/*{
"DESCRIPTION": "A list of passes with one that says nothing.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PASSES": [{}]
}*/

void main() {
    bool isOk = PASSINDEX == 0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
