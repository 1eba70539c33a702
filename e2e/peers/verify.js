// verify, made of the npm package standardwebhooks. Usage: node verify.js
// {"secrets": [...], "headers": {...}, "body": "..."} on standard input is answered with the result of each secret: ok, or
// why the webhook is not genuine.
'use strict';
const { Webhook } = require('standardwebhooks');
const readline = require('readline');

const check = (secret, headers, body) => {
  try {
    new Webhook(secret).verify(body, headers);
    return 'ok';
  } catch (err) {
    return String(err.message);
  }
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { secrets, headers, body } = JSON.parse(line);
  const text = secrets.map((secret) => check(secret, headers, body)).join(', ');
  process.stdout.write(JSON.stringify({ event: 'verified', text }) + '\n');
}).on('close', () => process.exit(0));
