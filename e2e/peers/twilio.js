// A program written for Twilio, made of the npm package twilio. Usage: node twilio.js BASE ACCOUNT_SID AUTH_TOKEN PORT
// It says {"event": "listening", "port": N}: where it takes status callbacks (/status) and messages from phones (/sms), whose
// signatures it checks with the package's own validator. Each line {"do": ..., "args": [...]} on standard input is done,
// and what came of it said as {"event": "done", "result": ...} or {"event": "failed", "status", "code"}.
'use strict';
const twilio = require('twilio');
const http = require('http');
const readline = require('readline');

const [base, sid, token, port] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

// All that is changed of such a program is where the API is.
class Redirected extends twilio.RequestClient {
  request(opts) {
    return super.request({ ...opts, uri: opts.uri.replace('https://api.twilio.com', base) });
  }
}
const client = twilio(sid, token, { httpClient: new Redirected() });

const plain = (m) => m && m.sid ? {
  sid: m.sid, status: m.status, body: m.body, from: m.from, to: m.to, direction: m.direction, segments: m.numSegments,
  error_code: m.errorCode, created: m.dateCreated && m.dateCreated.toISOString(), uri: m.uri,
} : m;

const jobs = {
  create: (params) => client.messages.create(params).then(plain),
  fetch: (id) => client.messages(id).fetch().then(plain),
  list: (params) => client.messages.list(params).then((all) => all.map(plain)),
  update: (id, params) => client.messages(id).update(params).then(plain),
  remove: (id) => client.messages(id).remove(),
  account: () => client.api.v2010.accounts(sid).fetch().then((a) => a.status),
};

http.createServer((req, res) => {
  let body = '';
  req.on('data', (more) => { body += more; });
  req.on('end', () => {
    const fields = Object.fromEntries(new URLSearchParams(body));
    const url = 'http://127.0.0.1:' + req.socket.localPort + req.url;
    const signed = twilio.validateRequest(token, req.headers['x-twilio-signature'], url, fields);
    say({ event: req.url.startsWith('/sms') ? 'sms' : 'status', signed, fields });
    if (!req.url.startsWith('/sms')) { res.end(); return; }
    const answer = new twilio.twiml.MessagingResponse();
    answer.message('You wrote: ' + fields.Body);
    res.setHeader('Content-Type', 'text/xml');
    res.end(answer.toString());
  });
}).listen(Number(port), '127.0.0.1', function () { say({ event: 'listening', port: this.address().port }); });

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { do: job, args } = JSON.parse(line);
  jobs[job](...(args || [])).then(
    (result) => say({ event: 'done', result }),
    (err) => say({ event: 'failed', status: err.status, code: err.code, text: String(err) }));
}).on('close', () => process.exit(0));
