/*{
"DESCRIPTION": "A size that asks for an input, and one that is a number.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "n", "TYPE": "float", "MIN": 1.0, "MAX": 20.0, "DEFAULT": 5.0}],
  "PASSES": [{"TARGET": "row", "WIDTH": "$n > 4.0 ? $n + 1.0 : 1.0", "HEIGHT": 1}, {}]
}*/

void main() {
    gl_FragColor = vec4(0.0, IMG_SIZE(row) == vec2(6.0, 1.0) ? 1.0 : 0.0, 0.0, 1.0);
}
