/*{
  "ISFVSN": "2",
  "DESCRIPTION": "A drop falls into the old picture; behind its rings the new one comes to rest.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    {"NAME": "startImage", "TYPE": "image"},
    {"NAME": "endImage", "TYPE": "image"},
    {"NAME": "progress", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.0},
    {"NAME": "height", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How high the rings are; bass raises them."},
    {"NAME": "rings", "TYPE": "float", "MIN": 2.0, "MAX": 30.0, "DEFAULT": 11.0, "LABEL": "How many rings there are."},
    {"NAME": "softness", "TYPE": "float", "MIN": 0.02, "MAX": 1.0, "DEFAULT": 0.3, "LABEL": "How soft the edge of the new picture is."}
  ]
}*/

// Pictures are stored as the square root of light, so squaring gives the light that may be mixed.
vec3 mixed(vec3 a, vec3 b, float share) {
    return sqrt(mix(a * a, b * b, share));
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (uv - 0.5) * aspect;
    float far = length(0.5 * aspect);
    float d = length(p) / far;
    float front = progress * (1.0 + softness) ;
    float wave = front - d;
    float share = smoothstep(0.0, softness, wave);
    float middle = sin(3.1415927 * progress);
    float ring = sin(6.2831853 * rings * 0.5 * wave) * exp(-2.6 * max(wave, 0.0)) * smoothstep(-0.12, 0.06, wave);
    float high = height * middle * (1.0 + 0.6 * u_bass);
    vec2 by = p / (length(p) + 1e-4) / aspect * ring * high * 0.055;
    vec3 a = IMG_NORM_PIXEL(startImage, uv + by).rgb;
    vec3 b = IMG_NORM_PIXEL(endImage, uv + by).rgb;
    vec3 c = mixed(a, b, share);
    float slope = cos(6.2831853 * rings * 0.5 * wave) * exp(-2.6 * max(wave, 0.0)) * smoothstep(-0.12, 0.06, wave);
    c *= 1.0 + 0.34 * high * slope * (0.6 + 0.4 * p.y / (length(p) + 1e-4));
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
