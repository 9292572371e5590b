/*{
  "ISFVSN": "2",
  "DESCRIPTION": "The way from one picture to the next seen from half-way: one iteration of least squares, or its end.",
  "CREDIT": "Klangbild",
  "CATEGORIES": ["Stage"],
  "INPUTS": [
    {"NAME": "slopes", "TYPE": "image", "LABEL": "Light and slopes of both, side by side"},
    {"NAME": "way", "TYPE": "image", "LABEL": "What is known so far: the way in red and green, how sure in blue"},
    {"NAME": "left", "TYPE": "image", "LABEL": "How much light the way leaves unexplained in the whole picture"},
    {"NAME": "size", "TYPE": "point2D", "DEFAULT": [256.0, 256.0], "LABEL": "Of the pictures in pixels"},
    {"NAME": "settles", "TYPE": "bool", "DEFAULT": false, "LABEL": "Keeps of the way what holds"}
  ]
}*/

// Slopes weaker than this, summed over the window, tell nothing.
const float FAINT = 0.003;
// The share of what has changed that a way may leave unexplained to be sure, and with which it is of no use.
const vec2 EXPLAINED = vec2(0.1, 0.4);
// Light that may be left over a cell, and what is too much.
const vec2 LEFT = vec2(0.0025, 0.012);
// The same over the whole: then there has been a cut, and what fits here and there fits by chance.
const vec2 CUT = vec2(0.01, 0.02);
const float NOISE = 0.0001;
const float TAPS = 21.0;
// Pixels: a way so short is better blended, as a picture between its pixels is softer than a mixture of both.
const vec2 SHORT = vec2(0.7, 1.8);

vec3 start(vec2 uv, float edge) {
    return IMG_NORM_PIXEL(slopes, vec2(0.5 * clamp(uv.x, edge, 1.0 - edge), uv.y)).rgb;
}

vec3 end(vec2 uv, float edge) {
    return IMG_NORM_PIXEL(slopes, vec2(0.5 + 0.5 * clamp(uv.x, edge, 1.0 - edge), uv.y)).rgb;
}

// The mean of the neighbours' ways; those that are sure count.
vec2 known(vec2 uv) {
    vec2 cell = 1.0 / IMG_SIZE(way);
    vec3 sum = vec3(0.0);
    for (int j = -1; j <= 1; j++) {
        for (int i = -1; i <= 1; i++) {
            vec3 one = IMG_NORM_PIXEL(way, uv + cell * vec2(float(i), float(j))).rgb;
            sum += vec3(one.xy * one.z, one.z);
        }
    }
    return sum.xy / (sum.z + 0.0001);
}

void main() {
    vec2 uv = isf_FragNormCoord;
    vec2 cell = 1.0 / RENDERSIZE;
    float edge = 0.5 * cell.x;
    vec2 v = known(uv);
    if (settles) {
        float before = 0.0, after = 0.0;
        for (int j = -1; j <= 1; j++) {
            for (int i = -1; i <= 1; i++) {
                if (i * j != 0)
                    continue;
                vec2 at = uv + cell * vec2(float(i), float(j));
                float still = end(at, edge).x - start(at, edge).x;
                float moved = end(at + 0.5 * v, edge).x - start(at - 0.5 * v, edge).x;
                before += still * still / 5.0;
                after += moved * moved / 5.0;
            }
        }
        float sure = 1.0 - smoothstep(EXPLAINED.x, EXPLAINED.y, after / (before + NOISE));
        sure *= 1.0 - smoothstep(LEFT.x, LEFT.y, after);
        sure *= 1.0 - smoothstep(CUT.x, CUT.y, IMG_NORM_PIXEL(left, vec2(0.5)).r);
        sure *= smoothstep(SHORT.x, SHORT.y, length(v * size));
        gl_FragColor = vec4(v * sure, sure, 1.0);
        return;
    }
    // Lucas and Kanade, 1981, in a round window, carried half the way back in the one, and on in the other.
    float xx = FAINT, xy = 0.0, yy = FAINT, wrong = 0.0;
    vec2 pull = vec2(0.0), slant = vec2(0.0);
    float lighter = 0.0;
    for (int j = -2; j <= 2; j++) {
        for (int i = -2; i <= 2; i++) {
            if (abs(i * j) == 4)
                continue;
            vec2 at = uv + cell * vec2(float(i), float(j));
            vec3 a = start(at - 0.5 * v, edge);
            vec3 b = end(at + 0.5 * v, edge);
            vec2 slope = 0.5 * (a.yz + b.yz);
            float change = b.x - a.x;
            xx += slope.x * slope.x;
            xy += slope.x * slope.y;
            yy += slope.y * slope.y;
            pull += slope * change;
            slant += slope;
            lighter += change;
            wrong += change * change / TAPS;
        }
    }
    // What grows lighter or darker as a whole has not moved: it is taken out of the sums.
    xx -= slant.x * slant.x / TAPS;
    xy -= slant.x * slant.y / TAPS;
    yy -= slant.y * slant.y / TAPS;
    pull -= slant * lighter / TAPS;
    wrong -= lighter * lighter / (TAPS * TAPS);
    vec2 more = -vec2(yy * pull.x - xy * pull.y, xx * pull.y - xy * pull.x) / (xx * yy - xy * xy);
    float far = length(more);
    more *= cell * min(1.0, 1.5 / (far + 0.0001));
    float told = xx + yy - 2.0 * FAINT;
    float sure = told / (told + 4.0 * FAINT) / (1.0 + wrong / LEFT.x);
    gl_FragColor = vec4(v + more, 0.01 + sure, 1.0);
}
