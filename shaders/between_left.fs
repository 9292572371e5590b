/*{
  "ISFVSN": "2",
  "DESCRIPTION": "How much light is still another when all has gone its way, as a mean square: after a cut, much.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "slopes", "TYPE": "image", "LABEL": "Light and slopes of both, side by side"},
    {"NAME": "way", "TYPE": "image"}
  ]
}*/

const int SAMPLES = 16;

void main() {
    float sum = 0.0;
    for (int j = 0; j < SAMPLES; j++) {
        for (int i = 0; i < SAMPLES; i++) {
            vec2 at = (vec2(float(i), float(j)) + 0.5) / float(SAMPLES);
            vec2 v = IMG_NORM_PIXEL(way, at).xy;
            vec2 a = clamp(at - 0.5 * v, 0.01, 0.99);
            vec2 b = clamp(at + 0.5 * v, 0.01, 0.99);
            float change = IMG_NORM_PIXEL(slopes, vec2(0.5 + 0.5 * b.x, b.y)).r
                         - IMG_NORM_PIXEL(slopes, vec2(0.5 * a.x, a.y)).r;
            sum += change * change;
        }
    }
    gl_FragColor = vec4(sum / float(SAMPLES * SAMPLES), 0.0, 0.0, 1.0);
}
