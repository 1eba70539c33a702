// An ESME made of the npm package smpp. Usage: node esme.js PORT SYSTEM_ID PASSWORD [CA]. With a CA, the file of the
// certificate that the server shows, it speaks TLS.
// Each line of standard input is a JSON command {"do": ..., ...}; each line of standard output is a JSON event.
// It submits as told, acknowledges deliver_sm and reports it, and sends octets raw when asked to.
'use strict';
const fs = require('fs');
const smpp = require('smpp');
const readline = require('readline');

const [port, systemId, password, ca] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');
const session = smpp.connect(ca ? { url: 'ssmpp://127.0.0.1:' + port, ca: fs.readFileSync(ca) } : { url: 'smpp://127.0.0.1:' + port });

session.on(ca ? 'secureConnect' : 'connect', () => {
  session.bind_transceiver({ system_id: systemId, password, interface_version: 0x34 }, (pdu) => say({ event: 'bound', status: pdu.command_status, system_id: pdu.system_id }));
});
session.on('deliver_sm', (pdu) => {
  session.send(pdu.response());
  let text = pdu.short_message && pdu.short_message.message;
  if (Buffer.isBuffer(text)) text = text.toString('latin1');
  say({ event: 'deliver_sm', from: pdu.source_addr, to: pdu.destination_addr, esm_class: pdu.esm_class, text, receipted: pdu.receipted_message_id, state: pdu.message_state });
});
session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('pdu', (pdu) => { if (pdu.command === 'generic_nack') say({ event: 'generic_nack', status: pdu.command_status }); });
session.on('error', (err) => say({ event: 'error', text: String(err) }));
session.on('close', () => { say({ event: 'close' }); process.exit(0); });

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const cmd = JSON.parse(line);
  switch (cmd.do) {
    case 'request': // any request with any fields
      session.send(new smpp.PDU(cmd.command, cmd.fields || {}), (pdu) => say({ event: 'response', tag: cmd.tag, command: pdu.command, status: pdu.command_status, id: pdu.message_id, state: pdu.message_state }));
      break;
    case 'raw': // octets as they are
      session.socket.write(Buffer.from(cmd.hex, 'hex'));
      break;
  }
}).on('close', () => process.exit(0));
