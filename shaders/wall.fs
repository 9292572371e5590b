/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Hangs the finished picture on a wall that is not straight: corners, soft edges, a mask, a test pattern.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage", "Geometry Adjustment"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "mask", "TYPE": "image"},
    {"NAME": "toU", "TYPE": "color", "DEFAULT": [1.0, 0.0, 0.0, 0.0], "LABEL": "From place on the wall to place in the picture: the first row"},
    {"NAME": "toV", "TYPE": "color", "DEFAULT": [0.0, 1.0, 0.0, 0.0]},
    {"NAME": "toW", "TYPE": "color", "DEFAULT": [0.0, 0.0, 1.0, 0.0]},
    {"NAME": "edges", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 0.0], "LABEL": "Soft edges left, right, top, bottom"},
    {"NAME": "gamma", "TYPE": "float", "MIN": 1.0, "MAX": 3.0, "DEFAULT": 2.2},
    {"NAME": "pattern", "TYPE": "bool", "DEFAULT": false},
    {"NAME": "shape", "TYPE": "point2D", "DEFAULT": [16.0, 9.0], "LABEL": "The picture's width and height, px"}
  ]
}*/

// A soft edge of light: two of them, one upon the other, add up to one.
float ramp(float x, float width) {
    if (width <= 0.0)
        return 1.0;
    float t = clamp(x / width, 0.0, 1.0);
    float light = t < 0.5 ? 2.0 * t * t : 1.0 - 2.0 * (1.0 - t) * (1.0 - t);
    return pow(light, 1.0 / gamma);
}

// Lines of about two pixels where x is a whole number.
float line(float x, float scale) {
    return 1.0 - smoothstep(0.6, 1.6, abs(fract(x + 0.5) - 0.5) / max(fwidth(x), 1e-6) / scale);
}

float dots(vec2 p, float n) {
    // As many dots in a row as the corner's number.
    vec2 cell = vec2(clamp(floor(p.x), 0.0, n - 1.0), 0.0);
    return 1.0 - smoothstep(0.27, 0.33, length(p - cell - 0.5));
}

vec3 grid(vec2 uv) {
    vec2 size = shape / min(shape.x, shape.y);
    vec2 centred = (uv - 0.5) * size;
    vec3 c = vec3(0.05);
    c = mix(c, vec3(0.42), max(line(uv.x * 16.0, 1.0), line(uv.y * 9.0, 1.0)));
    c = mix(c, vec3(0.95, 0.80, 0.55), line(length(centred) / 0.45, 1.5) * step(length(centred), 0.6));
    c = mix(c, vec3(0.75), line((uv.x - uv.y), 1.0) + line(uv.x + uv.y, 1.0));
    vec2 border = min(uv, 1.0 - uv) * size;
    float thick = max(0.006, 1.2 * max(fwidth(border.x), fwidth(border.y)));
    c = mix(c, vec3(1.0), 1.0 - smoothstep(thick, 1.3 * thick, min(border.x, border.y)));
    float unit = 0.05;
    vec2 nearest = step(0.5, uv);
    float n = 1.0 + nearest.x + 2.0 * (1.0 - nearest.y);
    vec2 corner = (uv - mix(vec2(0.06), vec2(0.94), nearest)) * size / unit;
    corner += vec2(nearest.x * n, nearest.y);
    float steps = dot(vec2(centred.x, 0.0), vec2(1.0));
    if (abs(centred.y + 0.30) < 0.03 && abs(steps) < 0.4)
        c = vec3(floor((steps + 0.4) / 0.8 * 11.0) / 10.0);
    return mix(c, vec3(0.36, 0.75, 1.0), dots(corner, n));
}

void main() {
    vec3 at = vec3(isf_FragNormCoord, 1.0);
    vec3 q = vec3(dot(toU.xyz, at), dot(toV.xyz, at), dot(toW.xyz, at));
    vec2 uv = q.xy / q.z;
    vec2 soft = max(fwidth(uv), vec2(1e-6));
    vec2 inside = clamp(min(uv, 1.0 - uv) / soft + 0.5, 0.0, 1.0);
    float light = inside.x * inside.y * step(0.0, q.z);
    light *= ramp(uv.x, edges.x) * ramp(1.0 - uv.x, edges.y) * ramp(1.0 - uv.y, edges.z) * ramp(uv.y, edges.w);
    vec3 c = pattern ? grid(uv) : IMG_NORM_PIXEL(inputImage, uv).rgb;
    gl_FragColor = vec4(c * light * IMG_NORM_PIXEL(mask, isf_FragNormCoord).rgb, 1.0);
}
