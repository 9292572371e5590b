/*{
  "ISFVSN": "2",
  "DESCRIPTION": "How bright and how red each part of the frame is, for the flash limiter: one pixel a part.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"}
  ]
}*/

const int TAPS = 6;
const vec3 LUMINANCE = vec3(0.2126, 0.7152, 0.0722);

// Relative luminance, and what a saturated red (four fifths of the light) has above the other colours.
void main() {
    vec2 sum = vec2(0.0);
    for (int row = 0; row < TAPS; row++) {
        for (int column = 0; column < TAPS; column++) {
            vec2 inside = (vec2(float(column), float(row)) + 0.5) / float(TAPS);
            vec3 c = IMG_NORM_PIXEL(inputImage, (floor(gl_FragCoord.xy) + inside) / RENDERSIZE).rgb;
            c = pow(clamp(c, 0.0, 1.0), vec3(2.2));
            sum += vec2(dot(c, LUMINANCE), max(c.r - 4.0 * (c.g + c.b), 0.0));
        }
    }
    gl_FragColor = vec4(sum / float(TAPS * TAPS), 0.0, 1.0);
}
