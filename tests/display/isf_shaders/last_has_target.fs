/*{
"DESCRIPTION": "The last pass may have a target; it is what is shown.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PASSES": [{"TARGET": "shown"}]
}*/

void main() {
    gl_FragColor = vec4(0.0, 1.0, 0.0, 1.0);
}
