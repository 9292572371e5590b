/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The last step to the shown frame: full size, blackout, grain and a dither that keeps skies from banding.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Film"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "grain", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "seed", "TYPE": "long", "DEFAULT": 0},
    {"NAME": "brightness", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0}
  ]
}*/

// Two 16-bit random numbers for this pixel and this frame.
vec2 dice() {
    uvec2 at = uvec2(gl_FragCoord.xy);
    uint n = at.x * 1597334677u ^ at.y * 3812015801u ^ uint(seed) * 2798796415u;
    n = (n ^ (n >> 16)) * 2246822519u;
    n = (n ^ (n >> 13)) * 3266489917u;
    n ^= n >> 16;
    return vec2(float(n & 65535u), float(n >> 16)) / 65535.0;
}

void main() {
    vec3 c = IMG_THIS_NORM_PIXEL(inputImage).rgb;
    vec2 r = dice();
    float speck = r.x + r.y - 1.0;
    // Film shows its grain in the middle tones and the shadows.
    c += speck * (grain * 0.15 * (1.0 - 0.7 * c.g) + 1.0 / 255.0);
    gl_FragColor = vec4(c * brightness, 1.0);
}
