/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A slow field of wet colour, brushed along its own currents and moved by the music.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "shade", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "Which colour of the palette it begins with."},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.3, "MAX": 4.0, "DEFAULT": 1.0, "LABEL": "How small the currents are."},
    {"NAME": "stroke", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How much of the brushwork is seen."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the currents are made of"}
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

vec4 clouds(vec2 p) {
    vec4 sum = field(p) * 0.53;
    sum += field(p * 2.03 + 17.3) * 0.27;
    sum += field(p * 4.11 + 5.1) * 0.2;
    return sum;
}

// Night blue, sea green, ochre, rose and ivory: neighbours always mix to a colour that paint could have.
vec3 pigment(float x) {
    x = fract(x) * 5.0;
    vec3 night = vec3(0.055, 0.075, 0.19);
    vec3 sea = vec3(0.07, 0.33, 0.39);
    vec3 ivory = vec3(0.93, 0.84, 0.68);
    vec3 ochre = vec3(0.83, 0.47, 0.15);
    vec3 rose = vec3(0.56, 0.16, 0.23);
    vec3 c = mix(night, sea, smoothstep(0.0, 1.0, x));
    c = mix(c, ivory, smoothstep(1.1, 2.0, x));
    c = mix(c, ochre, smoothstep(2.0, 2.8, x));
    c = mix(c, rose, smoothstep(2.9, 3.9, x));
    return mix(c, night, smoothstep(4.0, 5.0, x));
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * 1.7 * scale;
    float t = u_flow * 0.06;
    vec4 a = clouds(p * 0.9 + vec2(t, -0.7 * t) + 3.7);
    vec4 b = clouds(p * 0.8 + 2.6 * (a.xy - 0.5) + vec2(-0.4 * t, 0.9 * t) + 41.0);
    vec2 current = (b.xy - 0.5) + 0.6 * (a.zw - 0.5).yx;
    vec4 c = clouds(p * 0.7 + 2.4 * current + 0.5 * t + 77.0);

    // Bristles: fine noise smeared along the current.
    vec2 along = normalize(current + 1e-4) * 0.028;
    float bristle = 0.0;
    for (int i = -4; i <= 4; i++)
        bristle += field((p + along * float(i)) * 46.0 + 9.0).x;
    bristle = bristle / 9.0 - 0.5;

    float hue = shade + 0.02 * u_flow * 0.15 + 1.15 * (c.x - 0.5) + 0.22 * (b.z - 0.5) + 0.16 * stroke * bristle;
    vec3 colour = pigment(hue + 0.33);
    float light = 0.72 + 0.9 * (b.w - 0.35) + 0.5 * (a.z - 0.5) + 0.55 * stroke * bristle;
    light *= 1.0 + 0.25 * u_bass * (c.y + 0.3) + 0.15 * u_beat * c.z;
    colour *= clamp(light, 0.12, 1.6);
    colour += vec3(0.25, 0.22, 0.17) * u_treble * smoothstep(0.56, 0.75, b.x + 0.6 * bristle);
    gl_FragColor = vec4(clamp(colour, 0.0, 1.0), 1.0);
}
