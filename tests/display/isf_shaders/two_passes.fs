/*{
"DESCRIPTION": "The second pass reads what the first has drawn, in a smaller buffer.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [],
  "PASSES": [
    {"TARGET": "small", "WIDTH": "$WIDTH / 4.0", "HEIGHT": "max(floor($HEIGHT / 3.0), 1.0)"},
    {}
  ]
}*/

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(0.0, RENDERSIZE == vec2(4.0, 2.0) ? 1.0 : 0.0, 0.0, 1.0);
    } else {
        gl_FragColor = IMG_SIZE(small) == vec2(4.0, 2.0) ? IMG_THIS_NORM_PIXEL(small) : vec4(1.0, 0.0, 0.0, 1.0);
    }
}
