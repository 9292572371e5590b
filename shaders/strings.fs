/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The sound itself on the strings of an instrument: each swings as the newest samples do.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "wave", "TYPE": "audio", "MAX": 512},
    {"NAME": "strings", "TYPE": "long", "MIN": 1, "MAX": 9, "DEFAULT": 5, "LABEL": "How many strings there are."},
    {"NAME": "swing", "TYPE": "float", "MIN": 0.0, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How far the strings swing."},
    {"NAME": "thickness", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How thick the strings are."},
    {"NAME": "varnish", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "Pale wood, or dark red where it is high."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the wood is made of"}
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

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 p = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    // Maple with its flames across the grain, under varnish.
    vec4 broad = field(vec2(p.x * 3.0, p.y * 1.1) + 4.0);
    float fibre = field(vec2(p.x * 2.0 + 0.4 * broad.x, p.y * 70.0)).y;
    float flames = 0.5 + 0.5 * sin(26.0 * p.x + 5.0 * broad.x + 2.5 * broad.y * p.y + 0.12 * u_flow);
    vec3 wood = mix(vec3(0.60, 0.36, 0.16), vec3(0.33, 0.095, 0.05), varnish);
    wood *= 0.62 + 0.30 * flames * broad.z + 0.16 * fibre;
    vec2 from = (uv - 0.5) * vec2(1.78, 1.0) - vec2(0.25 * sin(0.1 * u_flow), 0.12);
    float lamp = exp(-2.2 * dot(from, from));
    vec3 light = wood * wood * (0.25 + (1.1 + 0.5 * u_bass) * lamp);
    float n = float(strings);
    for (int i = 0; i < 9; i++) {
        if (i >= strings)
            break;
        float own = float(i);
        float rest = 0.78 * ((own + 0.5) / n - 0.5);
        // Fixed at both ends; low strings swing slower and further.
        float held = sin(3.1415927 * uv.x);
        float across = (0.15 + 0.75 * uv.x) / (1.0 + 0.35 * own) + 0.03 * own;
        float heard = IMG_NORM_PIXEL(wave, vec2(across, own < 0.5 * n ? 0.25 : 0.75)).r - 0.5;
        float idle = 0.0035 * sin(3.1415927 * (2.0 + own) * uv.x) * sin((2.0 + 0.6 * own) * u_flow);
        float y = rest + held * (0.55 / (1.0 + 0.3 * own) * swing * heard) + held * idle;
        float wide = 0.0040 * thickness * (1.5 - 0.8 * own / max(n - 1.0, 1.0));
        float d = p.y - y;
        float shadow = exp(-abs(d + 0.022) * 55.0);
        light *= 1.0 - 0.45 * shadow;
        float body = smoothstep(wide + 0.003, wide, abs(d));
        float gleam = smoothstep(wide, 0.0, abs(d - 0.3 * wide)) * (0.5 + 0.5 * sin(p.x * 420.0 / (1.0 + 0.2 * own)) * 0.35);
        vec3 gut = mix(vec3(0.75, 0.56, 0.30), vec3(0.92, 0.86, 0.74), own / max(n - 1.0, 1.0));
        light = mix(light, gut * gut * (0.35 + 0.9 * gleam + 0.6 * u_level * lamp), body);
        light += gut * gut * exp(-abs(d) * 26.0) * (0.03 + 0.12 * u_level + 0.3 * abs(heard) * held);
    }
    light += vec3(0.25, 0.15, 0.06) * lamp * 0.22 * u_beat;
    gl_FragColor = vec4(sqrt(clamp(light, 0.0, 1.0)), 1.0);
}
