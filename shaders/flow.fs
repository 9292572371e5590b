/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The paint has not dried: slow currents carry it along and draw it into streaks.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Distortion Effect", "Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.7, "LABEL": "How far the paint is carried."},
    {"NAME": "scale", "TYPE": "float", "MIN": 0.3, "MAX": 4.0, "DEFAULT": 1.0, "LABEL": "How many currents there are."},
    {"NAME": "streaks", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How long the streaks are that it leaves."},
    {"NAME": "response", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much the bass adds."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the currents are made of"}
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
    vec2 p = uv * aspect * 2.6 * scale;
    float t = 0.09 * u_flow;
    vec4 broad = field(p + vec2(t, -0.6 * t));
    vec4 fine = field(p * 2.1 + 1.6 * broad.zw + vec2(-0.8 * t, t) + 31.0);
    vec2 current = (broad.xy - 0.5) + 0.26 * (fine.xy - 0.5);
    float far = 0.075 * amount * (0.65 + response * (0.7 * u_bass + 0.2 * u_beat));
    vec2 by = far * current / aspect / sqrt(scale);
    // Wet edges: taken where the current comes from, and smeared along it.
    vec2 smear = 0.5 * streaks * by;
    vec2 at = uv + by;
    at = clamp(at, 0.004, 0.996);
    vec3 c = 0.4 * IMG_NORM_PIXEL(inputImage, at).rgb;
    c += 0.25 * IMG_NORM_PIXEL(inputImage, clamp(at + smear, 0.004, 0.996)).rgb;
    c += 0.2 * IMG_NORM_PIXEL(inputImage, clamp(at - smear, 0.004, 0.996)).rgb;
    c += 0.15 * IMG_NORM_PIXEL(inputImage, clamp(at + 2.0 * smear, 0.004, 0.996)).rgb;
    c *= 1.0 + 0.16 * streaks * amount * (fine.z - 0.5);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
