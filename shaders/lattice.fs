/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Gilded tracery grows over lapis like frost on a pane, and its knots light up on the beat.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "scale", "TYPE": "float", "MIN": 2.0, "MAX": 14.0, "DEFAULT": 5.0, "LABEL": "How many cells the picture is high."},
    {"NAME": "bend", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How far the lattice bends away from straight lines."},
    {"NAME": "growth", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much of the pane it covers."},
    {"NAME": "thickness", "TYPE": "float", "MIN": 0.2, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How thick its lines are."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What guides the growth"}
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

// A point of a jittered hexagonal cell, and two random numbers of it.
vec4 knot(vec2 cell) {
    vec4 dice = IMG_NORM_PIXEL(noise, (mod(cell, 128.0) + 0.5) / CELLS);
    vec2 at = cell + vec2(0.5 + 0.5 * mod(cell.y, 2.0), 0.5);
    float slow = 0.25 * u_flow;
    return vec4(at + 0.30 * (dice.xy - 0.5) + 0.06 * vec2(sin(slow + 6.0 * dice.z), cos(slow + 6.0 * dice.w)), dice.zw);
}

float thread(vec2 p, vec2 a, vec2 b) {
    vec2 along = b - a;
    vec2 from = p - a;
    float h = clamp(dot(from, along) / dot(along, along), 0.0, 1.0);
    // Threads are thin in the middle, where gold leaf was laid with one stroke.
    return length(from - h * along) + 0.035 * h * (1.0 - h);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 centred = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 bent = centred + 0.16 * bend * (field(centred * 2.4 + 0.04 * u_flow).xy - 0.5);
    vec2 p = bent * scale + 40.0;
    float row = floor(p.y);
    vec2 cell = vec2(floor(p.x - 0.5 * mod(row, 2.0)), row);
    float odd = mod(row, 2.0);
    vec4 own = knot(cell);
    vec4 left = knot(cell + vec2(-1.0, 0.0)), right = knot(cell + vec2(1.0, 0.0));
    vec4 a = knot(cell + vec2(odd - 1.0, 1.0)), b = knot(cell + vec2(odd, 1.0));
    vec4 c_ = knot(cell + vec2(odd - 1.0, -1.0)), d = knot(cell + vec2(odd, -1.0));
    float line = min(thread(p, own.xy, left.xy), thread(p, own.xy, right.xy));
    line = min(line, min(thread(p, own.xy, a.xy), thread(p, own.xy, b.xy)));
    line = min(line, min(thread(p, own.xy, c_.xy), thread(p, own.xy, d.xy)));
    line = min(line, min(thread(p, a.xy, b.xy), thread(p, c_.xy, d.xy)));
    line = min(line, min(min(thread(p, left.xy, a.xy), thread(p, right.xy, b.xy)), min(thread(p, left.xy, c_.xy), thread(p, right.xy, d.xy))));

    // Growth comes and goes over the pane in slow tides, and loud music pushes it on.
    vec4 tide = field(centred * 1.5 + vec2(0.05 * u_flow, 90.0)) * 0.65 + field(centred * 4.0 - 0.03 * u_flow) * 0.35;
    float grown = smoothstep(0.0, 0.22, tide.x - 0.72 + 0.5 * growth + 0.16 * u_level);
    float wide = 0.042 * thickness * (0.35 + 0.65 * grown) * (1.0 + 0.5 * u_bass);
    float gold = smoothstep(wide, 0.35 * wide, line) * smoothstep(0.02, 0.3, grown);
    float glow = exp(-line * 7.0 / (0.6 + 0.6 * thickness)) * grown;
    float at = length(p - own.xy);
    float lit = smoothstep(0.55, 1.0, fract(own.z + 0.25 * floor(4.0 * u_bar_phase) * 0.618)) * u_beat;
    float bead = smoothstep(0.15, 0.08, at / thickness) * grown;

    vec4 wash = field(centred * 3.0 + 7.0) * 0.6 + field(centred * 11.0 + 20.0) * 0.4;
    vec3 lapis = mix(vec3(0.045, 0.07, 0.18), vec3(0.10, 0.21, 0.36), wash.y);
    lapis = mix(lapis, vec3(0.25, 0.10, 0.16), 0.55 * smoothstep(0.45, 0.75, tide.z));
    lapis *= 0.8 + 0.5 * wash.z;
    vec3 leaf = mix(vec3(0.60, 0.40, 0.15), vec3(0.98, 0.83, 0.50), clamp(0.4 + 1.4 * (wash.w - 0.4) + 0.35 * u_beat, 0.0, 1.0));
    vec3 c = lapis + glow * vec3(0.30, 0.19, 0.07) * (0.5 + 0.6 * u_level);
    c = mix(c, leaf, gold);
    c = mix(c, mix(leaf, vec3(1.0, 0.93, 0.75), 0.3 + 0.7 * lit), bead);
    c += lit * grown * exp(-at * 3.6) * vec3(0.62, 0.42, 0.17);
    gl_FragColor = vec4(clamp(c * (1.0 - 0.8 * dot(uv - 0.5, uv - 0.5)), 0.0, 1.0), 1.0);
}
