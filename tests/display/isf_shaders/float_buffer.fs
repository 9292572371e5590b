/*{
"DESCRIPTION": "A float buffer holds what eight bits cannot.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PASSES": [{"TARGET": "exact", "FLOAT": 1}, {}]
}*/

void main() {
    if (PASSINDEX == 0)
        gl_FragColor = vec4(12345.0, -7.0, 0.000001, 1.0);
    else
        gl_FragColor = vec4(0.0, IMG_THIS_PIXEL(exact).xyz == vec3(12345.0, -7.0, 0.000001) ? 1.0 : 0.0, 0.0, 1.0);
}
