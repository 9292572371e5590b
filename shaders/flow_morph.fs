/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Forms of the old picture flow into those of the new one along the way that both have in common.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0, "LABEL": "How far forms flow."},
    {"NAME": "swirl", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How much currents carry them astray; bass adds to it."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What its pattern is made of"}
  ],
  "PASSES": [
    {"TARGET": "both", "WIDTH": "48", "HEIGHT": "48"},
    {"TARGET": "slopes", "FLOAT": true, "WIDTH": "24", "HEIGHT": "24"},
    {"TARGET": "way", "FLOAT": true, "WIDTH": "24", "HEIGHT": "24"},
    {}
  ]
}*/

const float CELLS = 128.0;

vec4 field(vec2 p) {
    vec2 cell = floor(p);
    vec2 f = p - cell;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(noise, (cell + f + 0.5) / CELLS);
}

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
vec3 mixed(vec3 a, vec3 b, float share) {
    return sqrt(mix(a * a, b * b, share));
}

const vec3 LUMA = vec3(0.3, 0.6, 0.1);

float grey(sampler2D image, vec2 uv) {
    float sum = 0.0;
    for (int y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++)
            sum += dot(IMG_NORM_PIXEL(image, uv + vec2(float(x), float(y)) * 0.014).rgb, LUMA);
    return sum / 9.0;
}

void main() {
    vec2 uv = isf_FragNormCoord;
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(grey(startImage, uv), grey(endImage, uv), 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        vec2 d = vec2(1.0 / 24.0, 0.0);
        vec2 x = IMG_NORM_PIXEL(both, uv + d.xy).rg - IMG_NORM_PIXEL(both, uv - d.xy).rg;
        vec2 y = IMG_NORM_PIXEL(both, uv + d.yx).rg - IMG_NORM_PIXEL(both, uv - d.yx).rg;
        vec2 now = IMG_NORM_PIXEL(both, uv).rg;
        gl_FragColor = vec4(0.25 * (x.x + x.y), 0.25 * (y.x + y.y), now.g - now.r, 1.0);
    } else if (PASSINDEX == 2) {
        // Where light has to go: least squares of its slopes in a window (Lucas and Kanade, 1981).
        float xx = 0.0, xy = 0.0, yy = 0.0, xt = 0.0, yt = 0.0;
        for (int j = -2; j <= 2; j++) {
            for (int i = -2; i <= 2; i++) {
                vec3 s = IMG_NORM_PIXEL(slopes, uv + vec2(float(i), float(j)) / 24.0).xyz;
                xx += s.x * s.x; xy += s.x * s.y; yy += s.y * s.y;
                xt += s.x * s.z; yt += s.y * s.z;
            }
        }
        xx += 0.01; yy += 0.01;
        vec2 flow = vec2(xy * yt - yy * xt, xy * xt - xx * yt) / (xx * yy - xy * xy);
        flow /= 24.0;
        float far = length(flow);
        gl_FragColor = vec4(flow * min(1.0, 0.16 / (far + 1e-5)), 0.0, 1.0);
    } else {
        vec2 e = vec2(0.03, 0.0);
        vec2 flow = 0.2 * (IMG_NORM_PIXEL(way, uv).xy + IMG_NORM_PIXEL(way, uv + e.xy).xy + IMG_NORM_PIXEL(way, uv - e.xy).xy
                           + IMG_NORM_PIXEL(way, uv + e.yx).xy + IMG_NORM_PIXEL(way, uv - e.yx).xy);
        flow *= amount * 1.4;
        float middle = 4.0 * progress * (1.0 - progress);
        vec4 astray = field(uv * 4.0 + 0.05 * u_flow) - 0.5;
        vec2 drift = swirl * middle * (0.07 + 0.06 * u_bass) * astray.xy;
        vec3 a = IMG_NORM_PIXEL(startImage, clamp(uv - flow * progress + drift, 0.003, 0.997)).rgb;
        vec3 b = IMG_NORM_PIXEL(endImage, clamp(uv + flow * (1.0 - progress) + drift, 0.003, 0.997)).rgb;
        float share = smoothstep(0.12, 0.88, progress + 0.25 * middle * astray.z);
        if (progress <= 0.0)
            a = IMG_THIS_PIXEL(startImage).rgb;
        if (progress >= 1.0)
            b = IMG_THIS_PIXEL(endImage).rgb;
        gl_FragColor = vec4(mixed(a, b, progress <= 0.0 ? 0.0 : progress >= 1.0 ? 1.0 : share), 1.0);
    }
}
