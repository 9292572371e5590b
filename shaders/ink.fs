/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Drops of ink open in water over laid paper, and billow with the bass.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "scale", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How small the billows are."},
    {"NAME": "density", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much ink there is."},
    {"NAME": "colours", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "Black ink, or indigo with madder where it is high."},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How fast the ink spreads."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the billows are made of"}
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
    vec2 p = (uv - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * 2.2 * scale;
    float t = 0.055 * speed * u_flow;
    vec4 a = field(p * 0.7 + vec2(0.3 * t, -t)) * 0.62 + field(p * 1.5 + vec2(-t, 0.4 * t) + 11.0) * 0.38;
    vec2 bent = p + 1.4 * (a.xy - 0.5);
    vec4 b = field(bent * 1.1 + vec2(0.5 * t, -0.7 * t) + 29.0) * 0.6 + field(bent * 2.7 - 0.6 * t + 3.0) * 0.4;
    vec2 curled = bent + 1.0 * (b.zw - 0.5) + 0.25 * u_bass * (a.zw - 0.5);
    float body = field(curled * 0.9 + 53.0).x * 0.54 + field(curled * 2.1 + 7.0).y * 0.28 + field(curled * 4.9 + 0.4 * t).z * 0.18;
    float more = 0.16 * (density - 0.5) + 0.04 * u_bass + 0.03 * u_beat;
    float wet = body + more + 0.12 * (a.w - 0.5);
    vec4 hair = field(curled * 7.5 + 2.0 * b.xy - 0.5 * t);
    wet += 0.05 * (hair.x - 0.5);
    // Paper shows through as far as light passes the ink (Beer and Lambert), and a rim is left where it ends.
    float body_ = smoothstep(0.47, 0.80, wet);
    float depth = 2.9 * body_ * (0.55 + 0.9 * b.w) + 0.55 * smoothstep(0.41, 0.51, wet) * (0.4 + 0.8 * hair.y);
    depth += 0.35 * smoothstep(0.465, 0.49, wet) * smoothstep(0.54, 0.495, wet);
    vec3 black = vec3(0.95, 0.97, 0.93);
    vec3 dye = mix(vec3(1.35, 0.98, 0.52), vec3(0.32, 1.15, 1.05), smoothstep(0.44, 0.58, a.z + 0.4 * (b.y - 0.5)));
    vec3 paper = vec3(0.945, 0.90, 0.815) * (0.965 + 0.06 * field(vec2(p.x * 26.0, p.y * 60.0)).x);
    vec3 c = paper * exp(-depth * (0.9 + 0.15 * u_onset) * mix(black, dye, colours));
    vec2 q = uv - 0.5;
    gl_FragColor = vec4(clamp(c * (1.0 - 0.5 * dot(q, q)), 0.0, 1.0), 1.0);
}
