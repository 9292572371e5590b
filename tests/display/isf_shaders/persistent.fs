/*{
"DESCRIPTION": "A persistent buffer remembers: a third each frame makes one after three.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PASSES": [{"TARGET": "memory", "PERSISTENT": true, "FLOAT": true}, {}]
}*/

void main() {
    vec4 before = IMG_THIS_NORM_PIXEL(memory);
    gl_FragColor = PASSINDEX == 0 ? vec4(0.0, before.g + 1.0 / 3.0, 0.0, 1.0) : vec4(0.0, before.g, 0.0, 1.0);
}
