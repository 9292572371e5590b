/*{
  "DESCRIPTION": "A header of version 1: persistent buffers by name, imports as a list, the old names.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}],
  "PERSISTENT_BUFFERS": ["memory"],
  "IMPORTED": [{"NAME": "green", "PATH": "images/green.png"}],
  "PASSES": [{"TARGET": "memory"}, {}]
}*/

void main() {
    vec4 before = IMG_NORM_PIXEL(memory, vv_FragNormCoord);
    if (PASSINDEX == 0)
        gl_FragColor = vec4(0.0, min(before.g + 0.34, 1.0), 0.0, 1.0);
    else
        gl_FragColor = vec4(0.0, before.g * IMG_NORM_PIXEL(green, vv_FragNormCoord).g, 0.0, 1.0);
}
