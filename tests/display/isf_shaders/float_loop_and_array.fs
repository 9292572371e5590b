/*{
"DESCRIPTION": "A loop over floats and an array of constants.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

const float weights[4] = float[4](1.0, 2.0, 3.0, 4.0);
float sum() {
    float total = 0.0;
    for (float i = 0.0; i < 4.0; i++)
        total += weights[int(i)];
    return total;
}
void main() {
    bool isOk = sum() == 10.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
