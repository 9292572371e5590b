/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The palette of a studio or a film stock; colours deepen as the music grows louder.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Color Adjustment", "Film"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "look", "TYPE": "long", "VALUES": [0, 1, 2, 3, 4], "LABELS": ["golden hour", "old master", "faded print", "moonlight", "sepia"], "DEFAULT": 0, "LABEL": "Which palette it is."},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.8, "LABEL": "How far the colours follow the palette."},
    {"NAME": "contrast", "TYPE": "float", "MIN": 0.5, "MAX": 1.6, "DEFAULT": 1.05, "LABEL": "How far lights and shadows are apart."},
    {"NAME": "saturation", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.05, "LABEL": "How strong the colours are."},
    {"NAME": "response", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "How much loudness deepens the colours."}
  ]
}*/

const vec3 LUMA = vec3(0.3, 0.59, 0.11);

void main() {
    vec3 shade, middle, light;
    float keep, lift;
    if (look == 0) {
        shade = vec3(0.17, 0.10, 0.16); middle = vec3(0.68, 0.45, 0.29); light = vec3(1.0, 0.92, 0.72); keep = 0.6; lift = 0.0;
    } else if (look == 1) {
        shade = vec3(0.06, 0.04, 0.025); middle = vec3(0.45, 0.31, 0.17); light = vec3(0.98, 0.88, 0.65); keep = 0.45; lift = -0.03;
    } else if (look == 2) {
        shade = vec3(0.23, 0.19, 0.24); middle = vec3(0.55, 0.50, 0.47); light = vec3(0.94, 0.90, 0.80); keep = 0.45; lift = 0.07;
    } else if (look == 3) {
        shade = vec3(0.03, 0.05, 0.12); middle = vec3(0.27, 0.36, 0.47); light = vec3(0.86, 0.91, 0.90); keep = 0.3; lift = -0.02;
    } else {
        shade = vec3(0.09, 0.05, 0.03); middle = vec3(0.54, 0.40, 0.27); light = vec3(0.98, 0.91, 0.76); keep = 0.04; lift = 0.0;
    }
    vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
    float grey = dot(c, LUMA);
    vec3 toned = mix(mix(shade, middle, smoothstep(0.0, 0.5, grey)), light, smoothstep(0.38, 1.0, grey));
    vec3 graded = toned + keep * (c - grey) + lift * (1.0 - grey);
    c = mix(c, graded, amount);
    float loud = response * (u_level - 0.4);
    grey = dot(c, LUMA);
    c = grey + (c - grey) * saturation * (1.0 + 0.45 * loud);
    c = (c - 0.45) * contrast * (1.0 + 0.12 * loud) + 0.45;
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}
