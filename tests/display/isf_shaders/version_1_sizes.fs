/*{
  "DESCRIPTION": "Version 1 gives the sizes of buffers by their names.",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PERSISTENT_BUFFERS": {"memory": {"WIDTH": "$WIDTH/2.0", "HEIGHT": "2", "FLOAT": true}},
  "PASSES": [{"TARGET": "memory"}, {}]
}*/

void main() {
    gl_FragColor = vec4(0.0, IMG_SIZE(memory) == vec2(8.0, 2.0) ? 1.0 : 0.0, 0.0, 1.0);
}
