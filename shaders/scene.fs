/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Hangs the picture on the wall: fill, breathing, currents and trails.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Filter"],
  "INPUTS": [
    {"NAME": "picture", "TYPE": "image"},
    {"NAME": "softPicture", "TYPE": "image", "LABEL": "The same, blurred"},
    {"NAME": "backdrop", "TYPE": "image", "LABEL": "Shown until there is a picture"},
    {"NAME": "previous", "TYPE": "image", "LABEL": "The scene of the frame before, in linear light"},
    {"NAME": "presence", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 1.0},
    {"NAME": "surround", "TYPE": "bool", "DEFAULT": true, "LABEL": "Beyond the picture it goes on, blurred and darker"},
    {"NAME": "mirror", "TYPE": "bool", "DEFAULT": false, "LABEL": "It goes on as it is"},
    {"NAME": "hang", "TYPE": "point2D", "DEFAULT": [1.0, 1.0], "LABEL": "Picture widths and heights on the wall"},
    {"NAME": "crispness", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5},
    {"NAME": "zoom", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "breath", "TYPE": "float", "MIN": 0.0, "MAX": 0.2, "DEFAULT": 0.0, "LABEL": "Enlargement now"},
    {"NAME": "trail", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "Share of a brighter frame before"},
    {"NAME": "rise", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0, "LABEL": "Share of a darker frame before"},
    {"NAME": "pull", "TYPE": "float", "MIN": 0.0, "MAX": 0.1, "DEFAULT": 0.0, "LABEL": "How far trails move a frame"}
  ]
}*/

// A rounded wave of period 1 and height 1, from parabolas.
vec4 wave(vec4 x) {
    x = 2.0 * fract(x) - 1.0;
    return 4.0 * x * (1.0 - abs(x));
}

// A cardinal spline from five bilinear taps (the corners of the nine-tap form weigh little enough to leave out).
// Crispness 0 is Catmull-Rom; more gives strokes an edge.
vec3 sharp(sampler2D image, vec2 uv) {
    vec2 size = IMG_SIZE(image);
    vec2 at = uv * size;
    vec2 centre = floor(at - 0.5) + 0.5;
    vec2 f = at - centre;
    float k = 0.5 + 0.5 * crispness;
    vec2 w0 = f * k * (-1.0 + f * (2.0 - f));
    vec2 w1 = 1.0 + f * f * (k - 3.0 + (2.0 - k) * f);
    vec2 w2 = f * (k + f * (3.0 - 2.0 * k + (k - 2.0) * f));
    vec2 w3 = f * f * k * (f - 1.0);
    vec2 w12 = w1 + w2;
    vec2 mid = (centre + w2 / w12) / size;
    vec2 low = (centre - 1.0) / size;
    vec2 high = (centre + 2.0) / size;
    vec4 sum = vec4(IMG_NORM_PIXEL(image, mid).rgb, 1.0) * (w12.x * w12.y);
    sum += vec4(IMG_NORM_PIXEL(image, vec2(mid.x, low.y)).rgb, 1.0) * (w12.x * w0.y);
    sum += vec4(IMG_NORM_PIXEL(image, vec2(low.x, mid.y)).rgb, 1.0) * (w0.x * w12.y);
    sum += vec4(IMG_NORM_PIXEL(image, vec2(high.x, mid.y)).rgb, 1.0) * (w3.x * w12.y);
    sum += vec4(IMG_NORM_PIXEL(image, vec2(mid.x, high.y)).rgb, 1.0) * (w12.x * w3.y);
    return clamp(sum.rgb / sum.a, 0.0, 1.0);
}

// Convolutions see only zeros beyond the edge of a picture, and its outermost pixels look it: they are left out.
const float TRIM = 0.02;

vec3 wall(vec2 q) {
    vec2 mirrored = mix(vec2(TRIM), vec2(1.0 - TRIM), 1.0 - abs(1.0 - mod(q, 2.0)));
    vec2 outside = max(abs(q - 0.5) - 0.5, 0.0);
    float d = max(outside.x, outside.y);
    if (!surround && !mirror && d > 0.0)
        return vec3(0.0);
    vec3 c = sharp(picture, mirrored);
    if (surround && d > 0.0) {
        c = mix(c, IMG_NORM_PIXEL(softPicture, mirrored).rgb, smoothstep(-0.01, 0.05, d));
        c *= 1.0 - 0.55 * smoothstep(0.0, 0.45, d);
    }
    return c;
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 centred = uv - 0.5;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 current = vec2(0.0);
    if (zoom > 0.0 || trail > 0.0) {
        vec2 at = centred * aspect;
        float t = 0.05 * u_flow;
        vec4 w = wave(vec4(0.9 * at.y + 0.3 * at.x + t, 1.7 * at.y - 0.8 * at.x - 1.3 * t,
                           0.8 * at.x - 0.4 * at.y - 0.8 * t, 1.9 * at.x + 0.7 * at.y + 1.1 * t));
        current = 0.3 * w.xz + 0.2 * w.yw;
    }
    vec2 sway = zoom * (0.006 + 0.012 * u_bass) * current;
    vec2 q = (centred / (1.0 + breath) + sway / aspect) * hang + 0.5;
    vec3 c = vec3(0.0);
    if (presence > 0.0)
        c = wall(q);
    if (presence < 1.0)
        c = mix(IMG_NORM_PIXEL(backdrop, uv).rgb, c, presence);
    vec3 light = c * c;
    if (trail > 0.0) {
        vec2 from = centred * (1.0 - pull) + 0.5 + 1.2 * pull * current / aspect;
        vec3 before = IMG_NORM_PIXEL(previous, from).rgb;
        // Light comes quickly and goes slowly.
        light = mix(light, before, mix(vec3(rise), vec3(trail), step(light, before)));
    }
    gl_FragColor = vec4(light, 1.0);
}
