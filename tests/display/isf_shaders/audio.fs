/*{
"DESCRIPTION": "A wave rests at a half and has as many columns as are asked for.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "wave", "TYPE": "audio", "MAX": 64}, {"NAME": "native", "TYPE": "audio"}]
}*/

void main() {
    bool isOk = IMG_SIZE(wave) == vec2(64.0, 2.0) && IMG_SIZE(native) == vec2(512.0, 2.0) && IMG_NORM_PIXEL(wave, vec2(0.5)).r > 0.0 && IMG_NORM_PIXEL(wave, vec2(0.5)).r < 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
