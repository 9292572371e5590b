/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Light spills over its edges as on old film, warm at the rim, and swells with the bass.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Blur", "Film"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 0.7, "LABEL": "How much light spills over."},
    {"NAME": "threshold", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.55, "LABEL": "How bright a place must be to spill light."},
    {"NAME": "radius", "TYPE": "float", "MIN": 0.2, "MAX": 3.0, "DEFAULT": 1.0, "LABEL": "How far the light reaches."},
    {"NAME": "warmth", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.6, "LABEL": "How warm the light is at its rim."}
  ],
  "PASSES": [
    {"TARGET": "bright", "WIDTH": "192", "HEIGHT": "108"},
    {"TARGET": "across", "WIDTH": "96", "HEIGHT": "54"},
    {"TARGET": "halo", "WIDTH": "96", "HEIGHT": "54"},
    {}
  ]
}*/

// Pictures are stored as the square root of light.
vec3 blurred(sampler2D image, vec2 apart) {
    vec3 sum = vec3(0.0);
    float total = 0.0;
    for (int i = -5; i <= 5; i++) {
        float x = float(i);
        float weight = exp(-x * x / 9.0);
        sum += weight * IMG_NORM_PIXEL(image, isf_FragNormCoord + x * apart).rgb;
        total += weight;
    }
    return sum / total;
}

void main() {
    vec2 uv = isf_FragNormCoord;
    if (PASSINDEX == 0) {
        vec2 d = 0.25 / RENDERSIZE;
        vec3 c = 0.25 * (IMG_NORM_PIXEL(inputImage, uv + d).rgb + IMG_NORM_PIXEL(inputImage, uv - d).rgb
                         + IMG_NORM_PIXEL(inputImage, uv + vec2(d.x, -d.y)).rgb
                         + IMG_NORM_PIXEL(inputImage, uv + vec2(-d.x, d.y)).rgb);
        float light = max(c.r, max(c.g, c.b));
        gl_FragColor = vec4(c * smoothstep(threshold - 0.25, threshold + 0.2, light), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(blurred(bright, vec2(0.011 * radius, 0.0)), 1.0);
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(blurred(across, vec2(0.0, 0.0195 * radius)), 1.0);
    } else {
        vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
        vec3 glow = IMG_NORM_PIXEL(halo, uv).rgb;
        glow *= mix(vec3(1.0), vec3(1.25, 0.86, 0.55), warmth);
        vec3 light = amount * (0.8 + 0.7 * u_bass + 0.3 * u_beat) * glow * glow;
        // Screened, so that it never clips.
        gl_FragColor = vec4(sqrt(1.0 - (1.0 - c * c) * (1.0 - clamp(light, 0.0, 0.92))), 1.0);
    }
}
