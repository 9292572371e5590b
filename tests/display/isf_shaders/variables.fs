/*{
"DESCRIPTION": "TIME, TIMEDELTA, FRAMEINDEX, PASSINDEX, RENDERSIZE and DATE.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": []
}*/

void main() {
    bool isOk = TIME > 0.09 && TIME < 0.11 && TIMEDELTA > 0.04 && FRAMEINDEX == 2 && PASSINDEX == 0 && RENDERSIZE == vec2(16.0, 8.0) && DATE.x > 2000.0 && DATE.y >= 1.0 && DATE.z >= 1.0 && DATE.w >= 0.0;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
