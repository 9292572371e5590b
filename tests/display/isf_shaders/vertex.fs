/*{
"DESCRIPTION": "A vertex shader of its own hands values over and clamps at the corners.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

#if __VERSION__ <= 120
varying vec2 shifted;
varying float tint;
#else
in vec2 shifted;
in float tint;
#endif
void main() {
    bool isOk = abs(shifted.x - min(isf_FragNormCoord.x, 1.0)) < 1e-4 && tint == 0.5;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
