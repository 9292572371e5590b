/*{
"DESCRIPTION": "Words that GLSL has taken since may be names.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "filter", "TYPE": "float", "DEFAULT": 0.5}, {"NAME": "smooth", "TYPE": "float", "DEFAULT": 0.25}, {"NAME": "texture", "TYPE": "image"}]
}*/

const float sample = 1.0, output = 2.0;
float input(float common, float active) {
    float flat = common, half = active;
    return flat + half;
}
void main() {
    bool isOk = filter + smooth + input(sample, output) == 3.75 && texture2D(texture, vec2(0.5)).a == 1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
