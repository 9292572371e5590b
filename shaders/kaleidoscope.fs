/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The picture folded into a rose window that turns with the music.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stylize", "Geometry Adjustment"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "segments", "TYPE": "long", "MIN": 2, "MAX": 16, "DEFAULT": 6, "LABEL": "How many petals the window has."},
    {"NAME": "speed", "TYPE": "float", "MIN": -1.0, "MAX": 1.0, "DEFAULT": 0.25, "LABEL": "How fast it turns, and which way."},
    {"NAME": "zoom", "TYPE": "float", "MIN": 0.3, "MAX": 3.0, "DEFAULT": 0.75, "LABEL": "How large the petals' pattern is."},
    {"NAME": "wander", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How far its middle wanders over the picture."},
    {"NAME": "pulse", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much the bass opens it."}
  ]
}*/

const float TURN = 6.2831853;

void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * aspect;
    float slow = 0.12 * u_flow * speed;
    float wedge = TURN / float(segments);
    float angle = atan(p.y, p.x + 1e-6) + slow;
    angle = abs(mod(angle, wedge) - 0.5 * wedge);
    float radius = length(p) / zoom * (1.0 - pulse * (0.12 * u_bass + 0.05 * u_beat));
    vec2 middle = 0.5 + 0.28 * wander * vec2(cos(0.11 * u_flow), sin(0.083 * u_flow));
    float lean = 0.7 * slow + 0.5;
    vec2 q = middle + radius * vec2(cos(angle + lean), sin(angle + lean)) / aspect;
    q = 1.0 - abs(1.0 - mod(q, 2.0));
    vec3 c = IMG_NORM_PIXEL(inputImage, mix(vec2(0.01), vec2(0.99), q)).rgb;
    // The seams of leaded glass, and less light at the rim.
    float seam = radius * min(angle, 0.5 * wedge - angle);
    c *= 1.0 - 0.28 * (1.0 - smoothstep(0.0, 0.012, seam)) * smoothstep(0.02, 0.2, radius);
    c *= 1.0 - 0.3 * smoothstep(0.35, 1.0, length(p));
    gl_FragColor = vec4(c, 1.0);
}
