/*{
"DESCRIPTION": "A bool has its default, an event is off until it happens.",
  "ISFVSN": "2",
  "CATEGORIES": ["Test"],
  "INPUTS": [{"NAME": "yes", "TYPE": "bool", "DEFAULT": true}, {"NAME": "one", "TYPE": "bool", "DEFAULT": 1.0}, {"NAME": "no", "TYPE": "bool"}, {"NAME": "hit", "TYPE": "event"}]
}*/

void main() {
    bool isOk = yes && one && !no && !hit;
    gl_FragColor = vec4(isOk ? 0.0 : 1.0, isOk ? 1.0 : 0.0, 0.0, 1.0);
}
