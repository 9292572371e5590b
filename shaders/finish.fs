/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The last step to the shown frame: full size, blackout, grain and a dither that keeps skies from banding.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Film"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "grain", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "seed", "TYPE": "long", "DEFAULT": 0},
    {"NAME": "brightness", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0}
  ]
}*/

// A random number in [0, 1) for this pixel and this frame; in floats, which cost a CPU half of what integers do.
float dice() {
    float frame = float(seed & 4095);
    vec2 a = fract(gl_FragCoord.xy * vec2(0.7548777, 0.5698403) + frame * vec2(0.6180340, 0.3247180));
    vec2 b = fract((a + 3.71) * (a.yx + 5.93) * 57.31);
    return fract((b.x + 7.13) * (b.y + 2.57) * 91.7);
}

void main() {
    vec3 c = IMG_THIS_NORM_PIXEL(inputImage).rgb;
    float speck = dice() - 0.5;
    // Film shows its grain in the middle tones and the shadows.
    c += speck * (grain * 0.22 * (1.0 - 0.7 * c.g) + 1.0 / 255.0);
    gl_FragColor = vec4(c * brightness, 1.0);
}
