#if __VERSION__ <= 120
varying vec2 shifted;
varying float tint;
#else
out vec2 shifted;
out float tint;
#endif

void main() {
    isf_vertShaderInit();
    shifted = clamp(isf_FragNormCoord, 0.0, 1.0);
    tint = RENDERSIZE.x > 0.0 ? 0.5 : 0.0;
}
