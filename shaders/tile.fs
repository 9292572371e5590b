/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A wall of glazed tiles, each a mirrored copy of the picture, that catch the light in turn.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Tile Effect"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "rows", "TYPE": "float", "MIN": 1.0, "MAX": 8.0, "DEFAULT": 3.0, "LABEL": "How many tiles are above each other."},
    {"NAME": "drift", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.15, "LABEL": "How far the picture moves inside the tiles."},
    {"NAME": "joint", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How broad the joints are."},
    {"NAME": "light", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much bass and beats light single tiles."}
  ]
}*/

float dice(vec2 cell) {
    vec2 a = fract(cell * vec2(0.7548777, 0.5698403));
    return fract((a.x + 3.71) * (a.y + 5.93) * 57.31);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * rows + 0.5 * rows;
    vec2 cell = floor(p);
    vec2 inside = p - cell;
    float own = dice(cell + 20.0);
    vec2 q = mix(inside, 1.0 - inside, mod(cell, 2.0));
    vec2 sway = 0.25 * drift * vec2(cos(0.2 * u_flow), sin(0.16 * u_flow)) * (1.0 + 0.3 * u_bass);
    q = abs(mod(q + sway + 1.0, 2.0) - 1.0);
    vec3 c = IMG_NORM_PIXEL(inputImage, mix(vec2(0.008), vec2(0.992), 1.0 - q)).rgb;
    vec2 rim = min(inside, 1.0 - inside) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) / rows;
    float edge = min(rim.x, rim.y);
    float wide = 0.011 * joint;
    // Glaze is lit along its upper rim and shaded along the lower.
    float bevel = exp(-edge / (0.5 * wide + 1e-4)) * (rim.y < rim.x ? sign(inside.y - 0.5) : sign(0.5 - inside.x));
    float lit = light * (0.5 * u_bass + 0.5 * u_beat) * smoothstep(0.45, 0.95, fract(own + 0.25 * floor(4.0 * u_bar_phase)));
    vec3 glow = c * c * (1.0 + 0.9 * lit + 0.1 * (own - 0.5)) + 0.05 * lit * vec3(1.0, 0.8, 0.5);
    c = sqrt(clamp(glow, 0.0, 1.0)) * (1.0 + 0.35 * joint * bevel);
    c = mix(vec3(0.11, 0.085, 0.07), c, joint > 0.0 ? smoothstep(0.3 * wide, 0.7 * wide, edge) : 1.0);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
