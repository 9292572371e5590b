/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Wet washes on rough paper: colour gathers at the edges, the paper shows through, and loud music bleeds.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "bleed", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How far wet colour runs."},
    {"NAME": "rims", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much pigment gathers at the edges."},
    {"NAME": "paper", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much of the paper is seen."},
    {"NAME": "response", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much loudness wets the colour."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the paper is made of"}
  ]
}*/

const float CELLS = 128.0;

vec4 field(vec2 p) {
    vec2 cell = floor(p);
    vec2 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(noise, (cell + f + 0.5) / CELLS);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = uv * aspect;
    vec4 broad = field(p * 9.0 + vec2(0.0, 0.05 * u_flow));
    vec4 fine = field(p * 31.0 + 7.0);
    float wet = bleed * (0.7 + 0.8 * response * u_level);
    vec2 at = uv + 0.03 * wet * (broad.xy - 0.5 + 0.22 * (fine.xy - 0.5)) / aspect;
    vec2 d = vec2(0.009) / aspect * (0.5 + wet);
    vec3 c = IMG_NORM_PIXEL(inputImage, at).rgb;
    vec3 soft = 0.25 * (IMG_NORM_PIXEL(inputImage, at + vec2(d.x, 0.3 * d.y)).rgb + IMG_NORM_PIXEL(inputImage, at + vec2(-0.3 * d.x, d.y)).rgb
                        + IMG_NORM_PIXEL(inputImage, at - vec2(d.x, 0.3 * d.y)).rgb + IMG_NORM_PIXEL(inputImage, at - vec2(-0.3 * d.x, d.y)).rgb);
    vec3 wash = mix(c, soft, 0.75);
    // Pigment gathers where a wash ends; washes themselves are thin.
    float rim = clamp(length(c - soft) * 3.2, 0.0, 1.0);
    wash = mix(vec3(1.0), wash, 0.9 - 0.1 * paper);
    wash *= 1.0 - rims * 0.55 * rim * (0.6 + 0.8 * broad.z);
    float tooth = IMG_NORM_PIXEL(noise, p * 1.2).w + 0.6 * fine.z - 0.8;
    float light = dot(wash, vec3(0.3, 0.6, 0.1));
    wash *= 1.0 + paper * 0.22 * tooth * (0.35 + light * (1.0 - light) * 2.6);
    wash *= mix(vec3(1.0), vec3(1.0, 0.975, 0.92), paper);
    wash = mix(wash, vec3(0.96, 0.93, 0.86), paper * 0.35 * smoothstep(0.62, 0.98, broad.w) * light);
    gl_FragColor = vec4(clamp(wash, 0.0, 1.0), 1.0);
}
