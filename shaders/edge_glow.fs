/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Outlines light up like gold leaf on a darkened picture, brightest on the beat.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stylize"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "amount", "TYPE": "float", "MIN": 0.0, "MAX": 2.0, "DEFAULT": 1.0, "LABEL": "How bright the outlines are."},
    {"NAME": "thickness", "TYPE": "float", "MIN": 0.3, "MAX": 4.0, "DEFAULT": 1.0, "LABEL": "How broad the outlines are."},
    {"NAME": "dim", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.45, "LABEL": "How dark the picture behind them becomes."},
    {"NAME": "gold", "TYPE": "float", "MIN": 0.0, "MAX": 1.0, "DEFAULT": 0.7, "LABEL": "Gold, or the colours of the picture where it is low."}
  ],
  "PASSES": [
    {"TARGET": "edges", "WIDTH": "max($WIDTH * 0.7, 1)", "HEIGHT": "max($HEIGHT * 0.7, 1)"},
    {}
  ]
}*/

const vec3 LUMA = vec3(0.3, 0.6, 0.1);

float grey(vec2 uv) {
    return dot(IMG_NORM_PIXEL(inputImage, uv).rgb, LUMA);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 d = 0.0032 * thickness * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    if (PASSINDEX == 0) {
        float a = grey(uv + d), b = grey(uv - d);
        float c = grey(uv + vec2(d.x, -d.y)), e = grey(uv + vec2(-d.x, d.y));
        float steep = length(vec2(a - b, c - e));
        // Little differences are brushwork, not outlines.
        gl_FragColor = vec4(vec3(smoothstep(0.05, 0.42, steep)), 1.0);
    } else {
        vec3 c = IMG_THIS_PIXEL(inputImage).rgb;
        vec2 w = 2.6 * d;
        float line = IMG_NORM_PIXEL(edges, uv).r;
        float halo = 0.25 * (IMG_NORM_PIXEL(edges, uv + vec2(w.x, 0.4 * w.y)).r + IMG_NORM_PIXEL(edges, uv - vec2(w.x, 0.4 * w.y)).r
                             + IMG_NORM_PIXEL(edges, uv + vec2(-0.4 * w.x, w.y)).r + IMG_NORM_PIXEL(edges, uv - vec2(-0.4 * w.x, w.y)).r);
        vec3 own = c / (0.25 + max(c.r, max(c.g, c.b))) * 1.1;
        vec3 leaf = mix(own, vec3(1.0, 0.76, 0.38), gold);
        float shine = amount * (0.5 + 0.5 * u_level + 0.5 * u_beat);
        vec3 light = c * c * (1.0 - dim) + leaf * leaf * shine * (0.75 * line + 0.4 * halo * halo);
        gl_FragColor = vec4(sqrt(clamp(light, 0.0, 1.0)), 1.0);
    }
}
