/*{
"DESCRIPTION": "A tone of 3 kHz stands in its column of the spectrum, left and right.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "fft", "TYPE": "audioFFT", "MAX": 8}]
}*/

void main() {
    bool isOk = IMG_SIZE(fft) == vec2(8.0, 2.0) && IMG_PIXEL(fft, vec2(1.5, 0.5)).r > 0.8 && IMG_PIXEL(fft, vec2(6.5, 0.5)).r < 0.5 && IMG_PIXEL(fft, vec2(1.5, 1.5)).g > 0.5;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
