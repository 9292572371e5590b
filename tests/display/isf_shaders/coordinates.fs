/*{
"DESCRIPTION": "The normalised coordinate runs from the lower left, under both of its names.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

void main() {
    bool isOk = abs(isf_FragNormCoord.x - gl_FragCoord.x / 16.0) < 1e-4 && isf_FragNormCoord == vv_FragNormCoord;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
