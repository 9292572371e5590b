/*{
"DESCRIPTION": "Two passes into one buffer: the second reads the first.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PASSES": [{"TARGET": "one"}, {"TARGET": "one"}, {}]
}*/

void main() {
    if (PASSINDEX == 0)
        gl_FragColor = vec4(0.0, 0.5, 0.0, 1.0);
    else if (PASSINDEX == 1)
        gl_FragColor = 2.0 * IMG_THIS_PIXEL(one) - vec4(0.0, 0.003, 0.0, 1.0);
    else
        gl_FragColor = IMG_THIS_PIXEL(one);
}
