/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture stands by a lake and is seen again in its ripples.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Distortion Effect", "Geometry Adjustment"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "shore", "TYPE": "float", "MIN": 0.0, "MAX": 0.9, "DEFAULT": 0.36, "LABEL": "How high up the shore is."},
    {"NAME": "waves", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.45, "LABEL": "How high the waves are."},
    {"NAME": "depth", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How dark the water is."},
    {"NAME": "response", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How much bass and onsets stir it."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What the ripples are made of"}
  ]
}*/

void main() {
    vec2 uv = isf_FragNormCoord;
    float below = shore - uv.y;
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    if (below > 0.0) {
        // Near the shore ripples look small and close, as far things do.
        float near = below / max(shore, 0.001);
        float x = (uv.x - 0.5) * RENDERSIZE.x / RENDERSIZE.y / (0.35 + 0.9 * near);
        float y = 1.0 / (0.06 + 0.5 * near);
        vec2 a = IMG_NORM_PIXEL(noise, vec2(0.032 * x, 0.03 * y + 0.016 * u_flow)).xy - 0.5;
        vec2 b = IMG_NORM_PIXEL(noise, vec2(0.074 * x + 0.3, 0.068 * y + 0.023 * u_flow)).zw - 0.5;
        float high = waves * (0.6 + response * (0.7 * u_bass + 0.4 * u_onset)) * (0.25 + near);
        vec2 by = vec2(0.03, 0.11) * high * (a + 0.7 * b);
        vec2 at = vec2(uv.x + by.x, 2.0 * shore - uv.y + by.y);
        at.y = max(at.y, shore + 0.002);
        at = 1.0 - abs(1.0 - mod(at, 2.0));
        vec3 seen = IMG_NORM_PIXEL(inputImage, at).rgb;
        vec3 deep = vec3(0.10, 0.17, 0.19);
        seen = mix(seen, seen * (0.55 + 0.8 * deep) + 0.2 * deep, depth * (0.45 + 0.55 * near));
        seen += (0.25 + 0.5 * u_treble) * waves * smoothstep(0.22, 0.5, a.y + 0.7 * b.y) * vec3(0.4, 0.36, 0.28);
        c = mix(c, seen, smoothstep(0.0, 0.004, below));
        c *= 1.0 - 0.3 * exp(-below * 90.0);
    }
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
