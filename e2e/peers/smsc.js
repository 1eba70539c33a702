// An SMSC made of the npm package smpp. Usage: node smsc.js PORT [CERT KEY]; with these it
// speaks TLS.
// It takes every bind and every submit_sm, reports each, and sends a receipt; {"do": "inbound", ...} on standard
// input sends a message from a phone.
'use strict';
const fs = require('fs');
const smpp = require('smpp');
const readline = require('readline');

const port = Number(process.argv[2]);
const [cert, key] = process.argv.slice(3);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const sessions = new Set();
let last = 0;

// receiver is where a receipt goes: the session of the message, or that of a receiver.
const receiver = (session) => (session.transmits ? [...sessions].find((s) => !s.transmits) : session);
const date = () => new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);

const server = smpp.createServer(cert ? { cert: fs.readFileSync(cert), key: fs.readFileSync(key) } : {}, (session) => {
  const bind = (pdu) => {
    session.send(pdu.response({ system_id: 'npm' }));
    session.transmits = pdu.command === 'bind_transmitter';
    sessions.add(session);
    say({ event: 'bound', command: pdu.command, system_id: pdu.system_id, password: pdu.password, version: pdu.interface_version });
  };
  ['bind_transceiver', 'bind_transmitter', 'bind_receiver'].forEach((name) => session.on(name, bind));
  session.on('submit_sm', (pdu) => {
    const id = (0xa0000 + ++last).toString(16);
    session.send(pdu.response({ message_id: id }));
    const message = pdu.short_message.message;
    say({ event: 'submit_sm', from: pdu.source_addr, to: pdu.destination_addr, data_coding: pdu.data_coding, esm_class: pdu.esm_class, registered_delivery: pdu.registered_delivery, text: Buffer.isBuffer(message) ? message.toString('latin1') : message });
    if (pdu.registered_delivery & 1) {
      const text = `id:${parseInt(id, 16)} sub:001 dlvrd:001 submit date:${date()} done date:${date()} stat:DELIVRD err:000 text:`;
      receiver(session).deliver_sm({ source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, short_message: text }, (resp) => say({ event: 'acknowledged', status: resp.command_status }));
    }
  });
  session.on('enquire_link', (pdu) => { session.send(pdu.response()); say({ event: 'enquire_link' }); });
  session.on('unbind', (pdu) => { session.send(pdu.response()); say({ event: 'unbind' }); session.close(); });
  session.on('close', () => sessions.delete(session));
  session.on('error', (err) => say({ event: 'error', text: String(err) }));
});
server.listen(port, '127.0.0.1', () => say({ event: 'listening' }));

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const cmd = JSON.parse(line);
  const [session] = sessions;
  receiver(session).deliver_sm(cmd.fields, (resp) => say({ event: 'acknowledged', status: resp.command_status }));
}).on('close', () => process.exit(0));
