/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Woven canvas under the paint, lit from the side, with film grain that lives with the treble.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Film", "Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "weave", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "How deep the weave of the canvas is."},
    {"NAME": "threads", "TYPE": "float", "MIN": 30.0, "MAX": 240.0, "DEFAULT": 80.0, "LABEL": "How many threads the picture is high."},
    {"NAME": "grain", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How strong the grain of the film is."},
    {"NAME": "wear", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35, "LABEL": "How unevenly the paint lies and the light falls."},
    {"NAME": "noise", "TYPE": "image", "LABEL": "What threads and grain are made of"}
  ]
}*/

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 p = uv * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    vec4 slow = IMG_NORM_PIXEL(noise, p * 0.043);
    vec2 thread = 3.1415927 * threads * p + 1.6 * (slow.xy - 0.5) * threads * 0.06;
    // Over and under: where one thread is up, the one that crosses it is down.
    vec2 bulge = abs(sin(thread));
    float over = 0.5 + 0.5 * cos(thread.x) * cos(thread.y) * sign(sin(0.5 * thread.x + 0.5 * thread.y));
    float height = mix(bulge.x, bulge.y, smoothstep(0.3, 0.7, over));
    float uneven = IMG_NORM_PIXEL(noise, vec2(p.x * 0.9, p.y * 0.25) * threads * 0.02).z - 0.5;
    float lit = (height - 0.62) * 0.5 + 0.35 * uneven;
    // Thick paint in the lights hides the weave, thin darks show it.
    float shown = weave * (0.55 + 0.45 * c.g * (1.0 - c.g) * 4.0);
    c *= 1.0 + shown * 0.42 * lit;
    c *= 1.0 + 0.22 * wear * (slow.z + slow.w - 1.0);
    float frame = floor(TIME * 24.0);
    vec2 jump = fract(frame * vec2(0.61803, 0.75488));
    float speck = IMG_NORM_PIXEL(noise, uv * RENDERSIZE / 128.0 / max(RENDERSIZE.y / 360.0, 1.0) + jump).y - 0.5;
    c += speck * grain * (0.1 + 0.12 * u_treble) * (1.0 - 0.6 * c.g);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
