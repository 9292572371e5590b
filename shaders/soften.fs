/*{
  "ISFVSN": "2",
  "DESCRIPTION": "One direction of a Gaussian blur, with a soft threshold for the glow of bright parts.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Blur"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "spread", "TYPE": "point2D", "DEFAULT": [0.0, 0.0], "LABEL": "Distance between taps in UV"},
    {"NAME": "threshold", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0}
  ]
}*/

// Nine taps, to two standard deviations on either side.
void main() {
    vec3 sum = vec3(0.0);
    float total = 0.0;
    for (int i = -4; i <= 4; i++) {
        float x = float(i);
        float weight = exp(-x * x / 8.0);
        sum += weight * IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + x * spread).rgb;
        total += weight;
    }
    vec3 c = sum / total;
    float light = max(c.r, max(c.g, c.b));
    float keep = threshold > 0.0 ? smoothstep(threshold * 0.5, threshold * 1.5, light) : 1.0;
    gl_FragColor = vec4(c * keep, 1.0);
}
