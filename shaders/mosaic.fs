/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The old picture gathers into stones of a mosaic, which turn over one by one and melt into the new.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "stones", "TYPE": "float", "MIN": 6.0, "MAX": 80.0, "DEFAULT": 26.0, "LABEL": "How many stones the picture is high when they are largest."},
    {"NAME": "joints", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How broad the joints are."},
    {"NAME": "shine", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much single stones catch the light, most on a beat."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What its pattern is made of"}
  ]
}*/

const float CELLS = 128.0;

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
vec3 mixed(vec3 a, vec3 b, float share) {
    return sqrt(mix(a * a, b * b, share));
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = uv * aspect * stones;
    // Rows are laid by hand: each begins elsewhere, each stone leans a little.
    float row = floor(p.y);
    vec4 laid = IMG_NORM_PIXEL(noise, (mod(vec2(row, 7.0), 128.0) + 0.5) / CELLS);
    p.x += laid.x;
    vec2 cell = vec2(floor(p.x), row);
    vec4 dice = IMG_NORM_PIXEL(noise, (mod(cell + 3.0, 128.0) + 0.5) / CELLS);
    vec2 middle = vec2(cell.x + 0.5 - laid.x, row + 0.5) / stones / aspect;
    vec2 inside = p - cell - 0.5;
    inside += 0.10 * (dice.xy - 0.5) * inside.yx;
    // Stones come up, turn, and go down again, each in its own time.
    float own = 0.22 * dice.z;
    float up = smoothstep(own, own + 0.26, progress) * smoothstep(1.0 - own, 0.74 - own, progress);
    float share = smoothstep(0.36, 0.64, progress + 0.5 * (dice.w - 0.5) * (1.0 - abs(2.0 * progress - 1.0)));
    vec2 at = mix(uv, middle, up * 0.93);
    vec3 c = mixed(IMG_NORM_PIXEL(startImage, at).rgb, IMG_NORM_PIXEL(endImage, at).rgb, share);
    float rim = 0.5 - max(abs(inside.x), abs(inside.y));
    float joint = smoothstep(0.0, 0.10 * joints + 0.01, rim - 0.07 * joints);
    float lean = dot(dice.xy - 0.5, inside) * 0.5 + 0.16 * (dice.w - 0.5);
    float lit = shine * up * (0.5 * lean + smoothstep(0.72, 1.0, dice.y) * (0.07 + 0.20 * u_beat));
    c *= 1.0 + lit;
    c = mix(c, c * 0.35 + vec3(0.05, 0.04, 0.032), up * joints * (1.0 - joint));
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
