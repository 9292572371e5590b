/*{
  "DESCRIPTION": "GLSL 3 with an output of its own.",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/
#version 330
in vec2 isf_FragNormCoord;
out vec4 colour;

void main() {
    colour = vec4(0.0, 1.0, 0.0, 1.0);
}
