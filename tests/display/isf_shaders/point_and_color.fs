/*{
"DESCRIPTION": "Points and colours have their defaults.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "where", "TYPE": "point2D", "DEFAULT": [0.25, 0.75]}, {"NAME": "tint", "TYPE": "color", "DEFAULT": [0.5, 0.25, 1.0, 0.5]}]
}*/

void main() {
    bool isOk = where == vec2(0.25, 0.75) && tint == vec4(0.5, 0.25, 1.0, 0.5);
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
