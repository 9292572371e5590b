/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Rain on a pond that mirrors an evening sky: still in silence, a drop for every swell of the music.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "rain", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How strong the drops fall."},
    {"NAME": "rings", "TYPE": "float", "MIN": 0.4, "MAX": 2.5, "DEFAULT": 1.0, "LABEL": "How close the rings are."},
    {"NAME": "leaves", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "How many leaves lie on the water."},
    {"NAME": "dusk", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How late the evening is."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What sky and leaves are made of"}
  ]
}*/

const int DROPS = 6;
const float CELLS = 128.0;

// Smooth value noise from the texture: cubic inside each cell, so that slow movement has no corners.
vec4 field(vec2 p) {
    vec2 cell = floor(p);
    vec2 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(noise, (cell + f + 0.5) / CELLS);
}

float dice(float x) {
    return fract(sin(x * 12.9898) * 4375.8545);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 p = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    // Slopes of the water: each drop has a turn of its own on the music's clock.
    vec2 slope = vec2(0.0);
    for (int i = 0; i < DROPS; i++) {
        float own = float(i);
        float turn = 0.17 * u_flow + own / float(DROPS);
        float age = fract(turn);
        float number = floor(turn) * 7.0 + own;
        vec2 at = (vec2(dice(number), dice(number + 31.7)) - 0.5) * vec2(1.9, 1.05);
        vec2 from = (p - at) * vec2(1.0, 1.35);
        float d = length(from) + 1e-4;
        float front = 0.95 * age;
        float ring = sin(70.0 * rings * (d - front)) * exp(-90.0 * (d - front) * (d - front)) * step(0.0, front + 0.25 - d);
        float high = rain * (0.16 + 0.9 * u_level) * (1.0 - age) * (1.0 - age) * smoothstep(0.0, 0.04, age);
        slope += from / d * ring * high / (0.35 + 1.6 * d);
    }
    float t = 0.06 * u_flow;
    vec4 breeze = field(p * vec2(3.0, 7.0) + vec2(t, 2.0 * t));
    slope += (0.10 + 0.16 * u_bass) * (breeze.xy - 0.5);
    // The sky that is mirrored: brushed clouds between dusk and gold.
    vec2 q = p + 0.20 * slope;
    vec4 cloud = field(q * vec2(1.4, 3.0) + vec2(0.5 * t, 5.0)) * 0.6 + field(q * vec2(3.6, 8.0) - vec2(0.6 * t, 2.0)) * 0.4;
    float high = clamp(0.5 - q.y * 0.9 + 0.35 * (cloud.x - 0.5), 0.0, 1.0);
    vec3 gold = mix(vec3(0.93, 0.74, 0.47), vec3(0.78, 0.45, 0.33), dusk);
    vec3 blue = mix(vec3(0.30, 0.47, 0.56), vec3(0.115, 0.17, 0.29), dusk);
    vec3 c = mix(gold, blue, smoothstep(0.1, 0.75, high));
    c = mix(c, mix(vec3(0.95, 0.83, 0.70), vec3(0.72, 0.46, 0.44), dusk), 0.65 * smoothstep(0.5, 0.72, cloud.y));
    float lit = dot(slope, vec2(-0.35, 0.93));
    c *= 1.0 + 0.9 * clamp(lit, -0.7, 0.9);
    c += vec3(1.0, 0.86, 0.62) * smoothstep(0.25, 0.9, lit) * (0.4 + 0.4 * u_beat);
    // Water lilies ride on the rings: round pads, each with its cut, and now and then a flower.
    vec2 r = (p + 0.03 * slope) * vec2(2.9, 3.9) + vec2(0.02 * u_flow, 9.0);
    vec2 cell = floor(r);
    vec4 dice4 = IMG_NORM_PIXEL(noise, (mod(cell, 128.0) + 0.5) / CELLS);
    float size = 0.22 + 0.17 * dice4.x;
    vec2 from = fract(r) - 0.5 - (dice4.yz - 0.5) * (0.92 - 2.0 * size);
    float group = field(cell * 0.31 + 70.0).w;
    float here = step(1.0 - leaves, 0.55 * dice4.w + 0.45 * smoothstep(0.3, 0.7, group));
    float angle = 6.3 * dice4.w + 0.3 * sin(0.3 * u_flow + 6.3 * dice4.x);
    vec2 turned = vec2(from.x * cos(angle) + from.y * sin(angle), from.y * cos(angle) - from.x * sin(angle));
    float d = length(from) / size;
    float cut = smoothstep(0.02, 0.05, abs(turned.y) - 0.28 * max(turned.x, 0.0) + 0.02);
    float pad = here * cut * smoothstep(1.0, 0.96, d);
    float veins = 0.5 + 0.5 * sin(11.0 * atan(turned.y, turned.x));
    vec3 green = mix(vec3(0.16, 0.24, 0.15), vec3(0.45, 0.43, 0.20), dice4.z) * mix(1.15, 0.8, dusk);
    green *= 0.82 + 0.10 * veins * d + 0.25 * smoothstep(0.75, 1.0, d) + 0.45 * lit + 0.35 * (cloud.z - 0.5);
    c *= 1.0 - 0.45 * here * smoothstep(1.25, 0.95, length(from + vec2(-0.02, 0.05)) / size);
    c = mix(c, green, pad);
    float bloom = here * step(0.66, dice4.y) * smoothstep(0.42, 0.34, d + 0.08 * sin(8.0 * atan(from.y, from.x)));
    c = mix(c, mix(vec3(0.97, 0.90, 0.82), vec3(0.88, 0.52, 0.52), smoothstep(0.05, 0.4, d)) * (0.75 + 0.3 * u_level), bloom);
    gl_FragColor = vec4(clamp(c * (1.0 - 0.5 * dot(uv - 0.5, uv - 0.5)), 0.0, 1.0), 1.0);
}
