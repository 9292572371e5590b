/*{
  "ISFVSN": "2",
  "DESCRIPTION": "One half of the picture meets its reflection, along a line that sways.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Geometry Adjustment"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "way", "TYPE": "long", "VALUES": [0, 1, 2, 3, 4], "LABELS": ["left", "right", "top", "bottom", "four ways"], "DEFAULT": 0, "LABEL": "Which part is mirrored."},
    {"NAME": "place", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "Which place of the picture lies on the line."},
    {"NAME": "sway", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.35, "LABEL": "How far that place wanders to and fro."},
    {"NAME": "breath", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.4, "LABEL": "How much the bass draws the halves together."}
  ]
}*/

void main() {
    vec2 p = isf_FragNormCoord - 0.5;
    vec2 side = abs(p) * (1.0 - breath * (0.12 * u_bass + 0.05 * u_beat));
    vec2 at = vec2(place + 0.3 * sway * sin(0.17 * u_flow), place + 0.3 * sway * cos(0.13 * u_flow));
    vec2 q = isf_FragNormCoord;
    if (way == 0)
        q.x = at.x - side.x;
    else if (way == 1)
        q.x = at.x + side.x;
    else if (way == 2)
        q.y = at.y + side.y;
    else if (way == 3)
        q.y = at.y - side.y;
    else
        q = at + side * vec2(1.0, -1.0);
    q = 1.0 - abs(1.0 - mod(q + 2.0, 2.0));
    vec3 c = IMG_NORM_PIXEL(inputImage, mix(vec2(0.006), vec2(0.994), q)).rgb;
    // The fold of a book that lies open.
    float fold = way == 2 || way == 3 ? abs(p.y) : abs(p.x);
    c *= 1.0 - 0.22 * exp(-fold * 60.0) - 0.08 * exp(-fold * 9.0);
    gl_FragColor = vec4(c, 1.0);
}
