/*{
  "DESCRIPTION": "A transition.",
  "CATEGORIES": ["Test"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5}
  ]
}*/

void main() {
    vec4 both = mix(IMG_THIS_PIXEL(startImage), IMG_THIS_PIXEL(endImage), progress);
    gl_FragColor = vec4(0.0, both.a, 0.0, 1.0);
}
