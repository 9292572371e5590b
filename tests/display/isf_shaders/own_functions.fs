/*{
"DESCRIPTION": "A shader may define what GLSL has learnt since.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

float round(float x) {
    return floor(x + 0.5);
}
float sign2(vec2 x) {
    return x.x < 0.0 ? -1.0 : 1.0;
}
void main() {
    bool isOk = round(2.6) == 3.0 && sign2(vec2(-1.0, 0.0)) == -1.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
