/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Flashes of warm light on the beat, never more than three a second, and none in silence.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Color Effect"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "How bright a flash is."},
    {"NAME": "rate", "TYPE": "float", "MIN": 0.25, "MAX": 2.8, "DEFAULT": 2.5, "LABEL": "At most so many flashes a second; beats that come sooner are left out."},
    {"NAME": "decay", "TYPE": "float", "MIN": 0.05, "MAX": 1.0, "DEFAULT": 0.18, "LABEL": "How many seconds a flash takes to fade."},
    {"NAME": "warmth", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.5, "LABEL": "White, or the colour of candles where it is high."}
  ],
  "PASSES": [
    {"TARGET": "clock", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
    {}
  ]
}*/

// The clock remembers: seconds since the last flash, how strong it was, the beat's phase, and that it runs.
void main() {
    vec4 was = IMG_NORM_PIXEL(clock, vec2(0.5));
    if (PASSINDEX == 0) {
        float age = was.a > 0.0 ? was.r + TIMEDELTA : 10.0;
        bool is_beat = was.a > 0.0 && u_beat_phase < was.b - 0.3 && u_beat > 0.0;
        if (is_beat && age >= 1.0 / min(rate, 2.8) && u_level > 0.05)
            was = vec4(0.0, smoothstep(0.05, 0.6, u_level), u_beat_phase, 1.0);
        else
            was = vec4(min(age, 10.0), was.g, u_beat_phase, 1.0);
        gl_FragColor = was;
    } else {
        vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
        float flash = amount * was.g * exp(-was.r / decay);
        vec3 lamp = mix(vec3(1.0), vec3(1.0, 0.84, 0.6), warmth);
        // Light on the paint, not a white card: darks stay darker than lights.
        vec3 light = c * c * (1.0 + 1.8 * flash * lamp) + 0.16 * flash * lamp * lamp;
        gl_FragColor = vec4(sqrt(clamp(light, 0.0, 1.0)), 1.0);
    }
}
