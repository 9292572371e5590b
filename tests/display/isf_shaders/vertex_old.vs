varying vec2 there;

void main() {
    vv_vertShaderInit();
    there = vec2(1.0) - vv_FragNormCoord;
}
