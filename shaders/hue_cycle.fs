/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Colours wander round the wheel, shadows behind the lights, as evening light changes a room.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Color Effect"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "swing", "TYPE": "float", "MIN": 0.0, "MAX": 180.0, "DEFAULT": 40.0, "LABEL": "How many degrees colours go to either side; 180 is the whole wheel."},
    {"NAME": "speed", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.5, "LABEL": "How fast they wander; the music adds to it."},
    {"NAME": "spread", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How far shadows lag behind the lights."},
    {"NAME": "kick", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.25, "LABEL": "How far a beat pushes them."}
  ]
}*/

const vec3 LUMA = vec3(0.3, 0.59, 0.11);
const vec3 GREY = vec3(0.57735);

void main() {
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    float grey = dot(c, LUMA);
    float phase = 0.5 * speed * u_flow + 2.2 * spread * (grey - 0.5) + 0.6 * kick * u_beat;
    float turn = radians(swing) * sin(phase);
    vec3 tint = c - grey;
    // Rodrigues' turn about the grey axis; lightness stays.
    tint = tint * cos(turn) + cross(GREY, tint) * sin(turn) + GREY * dot(GREY, tint) * (1.0 - cos(turn));
    tint -= dot(tint, LUMA);
    // Colours that lie between two pigments lose some strength.
    tint *= 1.0 - 0.15 * abs(sin(turn));
    gl_FragColor = vec4(clamp(grey + tint, 0.0, 1.0), 1.0);
}
