#version 100
/*{
  "DESCRIPTION": "Precision, versions and extensions as browsers want them; a comment and a line before the header.",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/
#extension GL_OES_standard_derivatives : enable
#ifdef GL_ES
precision mediump float;
#endif
uniform float TIME;
varying vec2 isf_FragNormCoord;

void main() {
    mediump float width = fwidth(isf_FragNormCoord.x);
    lowp vec4 colour = vec4(0.0, width > 0.0 ? 1.0 : 0.0, 0.0, 1.0);
    gl_FragData[0] = colour;
}
