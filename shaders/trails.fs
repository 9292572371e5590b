/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Bright strokes linger and are carried outwards, as if the picture were painted wet over itself.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Feedback", "Glitch"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "length", "TYPE": "float", "MIN": 0.1, "MAX": 5.0, "DEFAULT": 1.6, "LABEL": "How many seconds a trail takes to fade."},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.85, "LABEL": "How much of the trails is seen."},
    {"NAME": "pull", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.35, "LABEL": "Outwards, or inwards where it is negative."},
    {"NAME": "turn", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.12, "LABEL": "How the trails turn about the middle."},
    {"NAME": "warmth", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How much warmer a trail grows while it fades."}
  ],
  "PASSES": [{"TARGET": "wet", "PERSISTENT": true}]
}*/

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float pace = TIMEDELTA * (0.35 + 1.3 * u_bass);
    vec2 p = (uv - 0.5) * aspect;
    // A swell in the current keeps the trails from running straight.
    p += 0.02 * pace * sin(4.0 * p.yx + vec2(0.5, 2.1) + 0.4 * u_flow);
    float angle = 0.6 * turn * pace;
    p = mat2(cos(angle), -sin(angle), sin(angle), cos(angle)) * p * (1.0 - 0.45 * pull * pace);
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    vec3 before = IMG_NORM_PIXEL(wet, p / aspect + 0.5).rgb;
    vec3 fade = exp(-TIMEDELTA / length * mix(vec3(1.0), vec3(0.7, 1.05, 1.6), warmth));
    // Eight bits would never fade out by a factor alone.
    vec3 left = max(before * fade - 0.7 / 255.0, 0.0);
    gl_FragColor = vec4(mix(c, max(c, left), amount), 1.0);
}
