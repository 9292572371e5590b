/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Curtains of northern light over a winter lake, tall and bright as the music is loud.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "height", "TYPE": "float", "MIN": 0.2, "MAX": 2.0, "DEFAULT": 1.0, "LABEL": "How tall the curtains are."},
    {"NAME": "folds", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How many folds a curtain has."},
    {"NAME": "rose", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "How much rose is in their upper hems."},
    {"NAME": "lake", "TYPE": "float", "MIN": 0.0, "MAX": 0.6, "DEFAULT": 0.26, "LABEL": "How high up the shore of the lake is."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the curtains are made of"}
  ]
}*/

const float CELLS = 128.0;

// Smooth value noise from the texture: cubic inside each cell, so that slow movement has no corners.
vec4 field(vec2 p) {
    vec2 cell = floor(p);
    vec2 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(noise, (cell + f + 0.5) / CELLS);
}

vec3 curtain(vec2 p, float n, float t) {
    float x = p.x * folds * (1.0 + 0.25 * n) + 5.3 * n;
    vec2 sway = field(vec2(x * 0.9 + 0.7 * t, 2.0 * n + 0.6 * t)).xy - 0.5;
    vec2 fold = field(vec2(x * 2.6 + 2.2 * sway.x - t, 9.0 * n + 0.8 * t)).xy;
    float foot = 0.30 + 0.10 * n + 0.26 * sway.x + 0.11 * (fold.x - 0.5);
    float up = p.y - foot;
    float tall = height * (0.16 + 0.12 * fold.y + 0.16 * u_level + 0.10 * u_bass * fold.x);
    float rays = 0.55 + 0.75 * field(vec2(x * 9.0 + 5.0 * sway.y, 3.0 * n + 1.7 * t)).z;
    float light = smoothstep(-0.02, 0.02, up) * exp(-max(up, 0.0) / tall) * rays * (0.35 + 0.9 * fold.y);
    vec3 low = mix(vec3(0.42, 0.60, 0.48), vec3(0.70, 0.60, 0.38), 0.5 * fold.x);
    vec3 high = mix(vec3(0.15, 0.42, 0.55), vec3(0.74, 0.27, 0.40), rose);
    return light * mix(low, high, smoothstep(0.1, 1.1, up / tall)) * (1.0 - 0.2 * n);
}

vec3 sky(vec2 p, float t) {
    vec3 c = mix(vec3(0.115, 0.15, 0.23), vec3(0.025, 0.035, 0.09), smoothstep(0.15, 0.9, p.y));
    c += vec3(0.10, 0.055, 0.03) * exp(-7.0 * max(p.y - 0.16, 0.0));
    float gain = 0.55 + 0.45 * u_level + 0.25 * u_beat;
    vec3 light = curtain(p, 0.0, t) + curtain(p, 1.0, t) + 0.8 * curtain(p, 2.0, t);
    return sqrt(c * c + 0.9 * gain * light * light + 0.09 * gain * light);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    float wide = RENDERSIZE.x / RENDERSIZE.y;
    float t = 0.05 * u_flow;
    bool is_lake = uv.y < lake;
    vec2 p = vec2(uv.x * wide, uv.y);
    float depth = lake - uv.y;
    if (is_lake) {
        float near = depth / max(lake, 0.001);
        vec2 ripple = field(vec2(p.x * 5.0 / (0.4 + near), 8.0 / (0.12 + near) + 2.0 * t)).xy - 0.5;
        p = vec2(p.x + 0.05 * near * ripple.x, lake + depth * 1.9 + 0.16 * near * ripple.y);
    } else {
        p.y = lake + (uv.y - lake) * 1.05;
    }
    vec2 scene = vec2(p.x, (p.y - lake) * 0.95 + 0.16);
    vec3 c = sky(scene, t);
    vec2 grid = floor(scene * 110.0);
    vec4 star = IMG_NORM_PIXEL(noise, (mod(grid, 128.0) + 0.5) / CELLS);
    float at = length(fract(scene * 110.0) - 0.5 - 0.5 * (star.zw - 0.5));
    c += smoothstep(0.985, 1.0, star.x) * smoothstep(0.28, 0.05, at) * (0.25 + 0.35 * star.y + 0.4 * u_treble) * smoothstep(0.2, 0.5, scene.y);
    // Hills on the far shore, and their reflection.
    float hill = 0.16 + 0.10 * field(vec2(p.x * 1.7 + 3.0, 0.5)).x + 0.025 * field(vec2(p.x * 8.0, 4.5)).y;
    c = mix(c, vec3(0.045, 0.05, 0.075), smoothstep(0.004, -0.004, scene.y - hill));
    if (is_lake)
        c = c * vec3(0.62, 0.68, 0.74) + vec3(0.006, 0.012, 0.02);
    c *= 1.0 - 0.35 * exp(-abs(depth) * 120.0);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
