/*{
"DESCRIPTION": "The old name of the function that begins a vertex shader, varyings, and a position turned round.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

varying vec2 there;
void main() {
    bool isOk = abs(there.x - (1.0 - isf_FragNormCoord.x)) < 1e-4;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
