// validate.js SCHEMA-DIR AJV-DIR SCHEMA=ANSWER...: do RDAP answers fit ICANN's
// JSON schemas?  Three things of these cannot hold as they stand: an inner $id
// of jcard.json, port43's "exactly one" of formats that are not looked at, and
// that they know no "redacted" (RFC 9537).
'use strict';
const fs = require('fs');
const path = require('path');

const [schemas, modules, ...pairs] = process.argv.slice(2);
const loaded = require(path.join(modules, 'ajv'));
const Ajv = loaded.default || loaded;
const ajv = new Ajv({
	strict: false, validateFormats: false, unicodeRegExp: false,
	allErrors: true,
});

function withoutInnerIds(node, top) {
	if (node === null || typeof node !== 'object')
		return;
	for (const name of Object.keys(node)) {
		if (name === '$id' && !top && typeof node[name] === 'string')
			delete node[name];
		else
			withoutInnerIds(node[name], false);
	}
}

for (const file of fs.readdirSync(schemas)) {
	const schema = JSON.parse(fs.readFileSync(path.join(schemas, file)));

	if (file === 'jcard.json')
		withoutInnerIds(schema, true);
	if (file === 'rdap_port43.json' && schema.oneOf) {
		schema.anyOf = schema.oneOf;
		delete schema.oneOf;
	}
	if (schema.properties && schema.properties.objectClassName)
		schema.properties.redacted = {
			type: 'array', items: {type: 'object'},
		};
	ajv.addSchema(schema, file);
}

let bad = 0;
for (const pair of pairs) {
	const [name, file] = pair.split('=');
	const check = ajv.getSchema(name + '.json');

	if (!check(JSON.parse(fs.readFileSync(file)))) {
		bad++;
		console.log(file, JSON.stringify(check.errors.slice(0, 3)));
	}
}
process.exit(bad === 0 ? 0 : 1);
