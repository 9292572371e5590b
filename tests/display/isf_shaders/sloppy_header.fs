// A line before the header.
/*{
	"DESCRIPTION": "A byte order mark, tabs	and commas	that should not be there.",
	"INPUTS": [
		{"NAME": "amount", "TYPE": "FLOAT", "MAX": 2., "DEFAULT": .5,},
		{"NAME": "unused", "TYPE": "bool", "DEFAULT": False}
		{"NAME": "also", "TYPE": "float", "DEFAULT": +1.0}, // a remark
	],
	"CATEGORIES": ["Test",]
}*/

void main() {
    gl_FragColor = vec4(0.0, amount + 0.5 * also, 0.0, 1.0);
}
