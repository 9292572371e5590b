/*{
  "ISFVSN": "2",
  "DESCRIPTION": "How light two pictures are, in red and green, a size smaller: a step of a pyramid.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "isLight", "TYPE": "bool", "DEFAULT": false, "LABEL": "startImage is such a pair already"}
  ]
}*/

const vec3 LUMA = vec3(0.3, 0.6, 0.1);

// Four bilinear taps: all of the pixels below when there are four a side, and wider than a cell further up.
void main() {
    vec2 d = (isLight ? 0.5 : 0.25) / RENDERSIZE;
    vec2 sum = vec2(0.0);
    for (int i = 0; i < 4; i++) {
        vec2 at = isf_FragNormCoord + d * vec2(i % 2 == 0 ? -1.0 : 1.0, i < 2 ? -1.0 : 1.0);
        vec3 start = IMG_NORM_PIXEL(startImage, at).rgb;
        sum += isLight ? start.rg : vec2(dot(start, LUMA), dot(IMG_NORM_PIXEL(endImage, at).rgb, LUMA));
    }
    gl_FragColor = vec4(0.25 * sum, 0.0, 1.0);
}
