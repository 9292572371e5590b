/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Light and its slope a cell: of the first picture in the left half, of the second in the right.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "light", "TYPE": "image", "LABEL": "Of both, in red and green"}
  ]
}*/

void main() {
    bool isEnd = isf_FragNormCoord.x > 0.5;
    vec2 uv = vec2(fract(2.0 * isf_FragNormCoord.x), isf_FragNormCoord.y);
    vec2 d = 1.0 / IMG_SIZE(light);
    vec2 here = IMG_NORM_PIXEL(light, uv).rg;
    vec2 x = IMG_NORM_PIXEL(light, uv + vec2(d.x, 0.0)).rg - IMG_NORM_PIXEL(light, uv - vec2(d.x, 0.0)).rg;
    vec2 y = IMG_NORM_PIXEL(light, uv + vec2(0.0, d.y)).rg - IMG_NORM_PIXEL(light, uv - vec2(0.0, d.y)).rg;
    gl_FragColor = isEnd ? vec4(here.g, 0.5 * x.g, 0.5 * y.g, 1.0) : vec4(here.r, 0.5 * x.r, 0.5 * y.r, 1.0);
}
