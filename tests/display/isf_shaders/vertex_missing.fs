/*{
"DESCRIPTION": "Varyings that nobody hands over hold the place in the frame.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

varying vec2 there;
varying vec4 far;
void main() {
    bool isOk = there == isf_FragNormCoord && far.xy == isf_FragNormCoord;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
