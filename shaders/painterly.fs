/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Brushwork: every place takes the calmest colour beside it (after Kuwahara), with bristles and relief.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "stroke", "TYPE": "float", "MIN": 0.2, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How broad the brush is."},
    {"NAME": "bristles", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much single bristles are seen."},
    {"NAME": "relief", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How thick the paint lies."},
    {"NAME": "swell", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How much the bass broadens the brush."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the bristles are made of"}
  ],
  "PASSES": [
    {"TARGET": "daubs", "WIDTH": "max($WIDTH * 0.6, 1)", "HEIGHT": "max($HEIGHT * 0.6, 1)"},
    {}
  ]
}*/

const vec3 LUMA = vec3(0.3, 0.6, 0.1);

// Mean and variance of five places in a quarter of the surroundings.
void quarter(vec2 at, vec2 along, vec2 across, vec3 centre, inout vec4 best) {
    vec3 a = IMG_NORM_PIXEL(inputImage, at + 0.9 * along).rgb;
    vec3 b = IMG_NORM_PIXEL(inputImage, at + 0.9 * across).rgb;
    vec3 c = IMG_NORM_PIXEL(inputImage, at + 1.3 * (along + across)).rgb;
    vec3 d = IMG_NORM_PIXEL(inputImage, at + 0.55 * (along + across)).rgb;
    vec3 mean = 0.2 * (a + b + c + d + centre);
    vec3 square = 0.2 * (a * a + b * b + c * c + d * d + centre * centre);
    float spread = dot(square - mean * mean, LUMA) + 2e-4;
    // Calm quarters count most, and none changes places with another at once.
    float weight = 1.0 / (spread * spread);
    best += vec4(mean, 1.0) * weight;
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    if (PASSINDEX == 0) {
        // The brush is held another way here and there.
        float hold = 6.0 * IMG_NORM_PIXEL(noise, uv * aspect * 0.035 + 0.0002 * u_flow).x;
        float size = 0.0085 * stroke * (1.0 + 0.6 * swell * u_bass);
        vec2 along = size * vec2(cos(hold), sin(hold)) * 1.35;
        vec2 across = size * vec2(-sin(hold), cos(hold)) * 0.8;
        vec3 centre = IMG_NORM_PIXEL(inputImage, uv).rgb;
        vec4 best = vec4(0.0);
        quarter(uv, along / aspect, across / aspect, centre, best);
        quarter(uv, -along / aspect, across / aspect, centre, best);
        quarter(uv, along / aspect, -across / aspect, centre, best);
        quarter(uv, -along / aspect, -across / aspect, centre, best);
        gl_FragColor = vec4(best.rgb / best.a, 1.0);
    } else {
        vec2 d = 0.004 * stroke / aspect;
        vec3 c = IMG_NORM_PIXEL(daubs, uv).rgb;
        float ridge = dot(c - IMG_NORM_PIXEL(daubs, uv + vec2(-d.x, d.y)).rgb, LUMA);
        // Bristles run along the edges of what is painted.
        float hold = 6.0 * IMG_NORM_PIXEL(noise, uv * aspect * 0.035 + 0.0002 * u_flow).x;
        vec2 hair = mat2(cos(hold), sin(hold), -sin(hold), cos(hold)) * (uv * aspect) * vec2(0.28, 1.5) / sqrt(stroke);
        float bristle = IMG_NORM_PIXEL(noise, hair).y + 0.5 * IMG_NORM_PIXEL(noise, 2.3 * hair + 0.4).z - 0.75;
        c *= 1.0 + 0.26 * bristles * bristle;
        c += relief * clamp(1.6 * ridge, -0.14, 0.14);
        gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
    }
}
