/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture tears into strips like a film that has jumped its gate, and the new one comes to rest.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How far the strips are torn; onsets tear further."},
    {"NAME": "strips", "TYPE": "float", "MIN": 4.0, "MAX": 60.0, "DEFAULT": 16.0, "LABEL": "How many strips there are."},
    {"NAME": "colour", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How far the colours part."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What its pattern is made of"}
  ]
}*/

const float CELLS = 128.0;

vec4 dice(vec2 cell) {
    return IMG_NORM_PIXEL(noise, (mod(cell, CELLS) + 0.5) / CELLS);
}

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
vec3 mixed(vec3 a, vec3 b, float share) {
    return sqrt(mix(a * a, b * b, share));
}

void main() {
    vec2 uv = isf_FragNormCoord;
    float middle = sin(3.1415927 * clamp(progress, 0.0, 1.0));
    middle = progress <= 0.0 || progress >= 1.0 ? 0.0 : middle;
    // A new tear nine times on the way: slower than film, and never a flicker.
    float step_ = floor(progress * 9.0);
    // Strips of uneven height, from two rows of dice.
    float y = uv.y + 0.25 / strips * sin(uv.y * 9.0 + 4.0 * step_);
    vec4 strip = dice(vec2(floor(y * strips), step_));
    vec4 broad = dice(vec2(floor(y * strips * 0.27) + 50.0, step_));
    float torn = smoothstep(0.35, 0.95, broad.x) * (strip.x - 0.5) + 0.25 * (broad.y - 0.5);
    float far = amount * middle * (0.34 + 0.25 * u_onset) * torn;
    float share = smoothstep(0.0, 0.16, progress * 1.16 - 0.8 * strip.y * 0.55 - 0.2 * broad.z - 0.36 * (1.0 - uv.x) * broad.w);
    share = progress >= 1.0 ? 1.0 : progress <= 0.0 ? 0.0 : share;
    float part = colour * middle * (0.006 + 0.05 * abs(torn) * amount);
    vec2 at = vec2(uv.x + far, uv.y + 0.012 * amount * middle * (broad.w - 0.5));
    vec2 left = vec2(part, 0.0);
    vec2 m = 1.0 - abs(1.0 - mod(at + 2.0, 2.0)), l = 1.0 - abs(1.0 - mod(at - left + 2.0, 2.0)), r = 1.0 - abs(1.0 - mod(at + left + 2.0, 2.0));
    vec3 a = vec3(IMG_NORM_PIXEL(startImage, l).r, IMG_NORM_PIXEL(startImage, m).g, IMG_NORM_PIXEL(startImage, r).b);
    vec3 b = vec3(IMG_NORM_PIXEL(endImage, l).r, IMG_NORM_PIXEL(endImage, m).g, IMG_NORM_PIXEL(endImage, r).b);
    vec3 c = mixed(a, b, share);
    // Light leaks in at the tears.
    vec3 leak = vec3(0.55, 0.22, 0.06) * middle * amount * smoothstep(0.12, 0.5, abs(torn)) * (0.25 + 0.4 * u_level);
    c = sqrt(clamp(c * c * (1.0 + leak) + 0.35 * leak * leak, 0.0, 1.0));
    gl_FragColor = vec4(c, 1.0);
}
