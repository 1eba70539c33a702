// validate.mjs ADDRESS: holds a document to the specification of OpenAPI, as its JSON Schema says.
import { Validator } from "@seriousme/openapi-schema-validator";

const text = await (await fetch(process.argv[2])).text();
const validator = new Validator();
const result = await validator.validate(JSON.parse(text));
console.log(JSON.stringify({ valid: result.valid, version: validator.version, errors: result.errors ?? [] }));
