/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Paper lanterns rise through the blue hour, near ones out of focus, and flare with bass and beat.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How many lanterns there are."},
    {"NAME": "size", "TYPE": "float", "MIN": 0.4, "MAX": 1.5, "DEFAULT": 1.0, "LABEL": "How large the lanterns are."},
    {"NAME": "rise", "TYPE": "float", "MIN": -1.0, "MAX": 2.0, "DEFAULT": 1.0, "LABEL": "How fast they rise; below 0 they sink."},
    {"NAME": "haze", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much mist their light hangs in."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What tells the lanterns apart"}
  ]
}*/

const int LAYERS = 5;
const float CELLS = 128.0;

// Smooth value noise from the texture: cubic inside each cell, so that slow movement has no corners.
vec4 field(vec2 p) {
    vec2 cell = floor(p);
    vec2 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(noise, (cell + f + 0.5) / CELLS);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 p = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec4 mist = field(p * vec2(1.5, 3.2) + vec2(0.05 * u_flow, 12.0)) * 0.65 + field(p * vec2(4.0, 8.0) - 0.04 * u_flow) * 0.35;
    vec3 c = mix(vec3(0.42, 0.25, 0.22), vec3(0.06, 0.085, 0.18), smoothstep(-0.75, 0.45, p.y + 0.3 * (mist.x - 0.5)));
    vec3 light = c * c;
    light += haze * 0.05 * smoothstep(0.4, 0.75, mist.y) * vec3(0.9, 0.62, 0.42);
    for (int i = 0; i < LAYERS; i++) {
        float far = 1.0 - float(i) / float(LAYERS - 1);
        float cells = mix(1.5, 7.5, far * far);
        vec2 q = p * cells + vec2(3.7 * float(i) + 0.05 * u_flow * (1.3 - far), -0.14 * rise * u_flow * (1.0 + 0.25 * float(i)));
        vec2 cell = floor(q);
        vec4 dice = IMG_NORM_PIXEL(noise, (mod(cell + 13.0 * float(i), 128.0) + 0.5) / CELLS);
        vec3 more = fract(37.7 * dice.xyz + 11.3 * dice.yzw);
        float radius = size * (0.13 + 0.10 * dice.x) * (1.0 + 0.10 * u_bass * more.x);
        radius = min(radius, 0.42);
        vec2 sway = 0.10 * sin(vec2(0.5, 0.37) * u_flow + 6.3 * dice.yz);
        vec2 free = vec2(0.5 - radius - 0.06);
        vec2 at = clamp((dice.yz - 0.5) * 0.8 + sway, -free, free);
        vec2 from = fract(q) - 0.5 - at;
        from.x *= 1.12;
        from.y *= from.y > 0.0 ? 0.92 : 1.08;
        float d = length(from) / radius;
        // The focus lies among the far lanterns; the nearest are soft discs.
        float blur = mix(0.45, 0.06, smoothstep(0.05, 0.7, far));
        float disc = smoothstep(1.0 + blur, 1.0 - blur, d);
        float here = step(1.0 - amount * mix(0.62, 0.95, far), dice.w);
        float ribs = 1.0 - 0.13 * far * smoothstep(0.6, 1.0, abs(sin(9.0 * from.y / radius)));
        float flame = (0.62 - 0.38 * clamp(d, 0.0, 1.0) * far - 0.22 * from.y / radius * far) * ribs;
        float pulse = 0.55 + 0.35 * u_level + 0.55 * u_beat * smoothstep(0.35, 0.9, fract(more.y + 0.618 * floor(4.0 * u_bar_phase)));
        vec3 paper = mix(vec3(1.0, 0.55, 0.20), mix(vec3(0.95, 0.28, 0.18), vec3(1.0, 0.80, 0.48), more.z), 0.65);
        float depth = mix(0.36, 1.0, smoothstep(0.0, 0.5, far)) * mix(1.0, 0.55, smoothstep(0.7, 1.0, far));
        vec3 shine = paper * paper * flame * pulse * 1.9 * depth;
        light = mix(light, light * 0.35 + shine, disc * here * mix(0.45, 1.0, smoothstep(0.0, 0.5, far)));
        light += here * haze * 0.16 * paper * pulse * depth / (1.0 + 3.0 * max(d - 0.9, 0.0) * d) * (1.0 - disc) * smoothstep(0.5, 0.34, max(abs(fract(q.x) - 0.5), abs(fract(q.y) - 0.5)));
    }
    gl_FragColor = vec4(sqrt(clamp(light, 0.0, 1.0)), 1.0);
}
