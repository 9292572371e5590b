/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Part of the way from the frame before to the new one, in linear light, for the flash limiter.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image", "LABEL": "The frame that was shown before"},
    {"NAME": "endImage", "TYPE": "image", "LABEL": "The new frame"},
    {"NAME": "share", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0}
  ]
}*/

void main() {
    vec3 c = IMG_THIS_NORM_PIXEL(endImage).rgb;
    if (share < 1.0) {
        vec3 before = pow(clamp(IMG_THIS_NORM_PIXEL(startImage).rgb, 0.0, 1.0), vec3(2.2));
        c = pow(mix(before, pow(clamp(c, 0.0, 1.0), vec3(2.2)), share), vec3(1.0 / 2.2));
    }
    gl_FragColor = vec4(c, 1.0);
}
