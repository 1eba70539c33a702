// outbind, made of the npm package smpp. Usage: node outbind.js esme PORT SYSTEM_ID PASSWORD
//                                               node outbind.js smsc PORT SYSTEM_ID PASSWORD
// As an ESME it listens, and binds as a receiver on each connection on which outbind comes. As an SMSC it connects, sends
// outbind and takes the bind that comes; {"fields": {...}} on standard input then sends a message from a phone.
'use strict';
const smpp = require('smpp');
const readline = require('readline');

const [role, port, systemId, password] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

const tell = (session) => {
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { session.send(pdu.response()); say({ event: 'unbind' }); session.close(); });
  session.on('error', (err) => say({ event: 'error', text: String(err) }));
  session.on('close', () => say({ event: 'close' }));
};

let session;
if (role === 'esme') {
  smpp.createServer((s) => {
    tell(s);
    s.on('outbind', (pdu) => {
      say({ event: 'outbind', system_id: pdu.system_id, text: pdu.password });
      s.bind_receiver({ system_id: systemId, password, interface_version: 0x34 }, (resp) => say({ event: 'bound', status: resp.command_status, system_id: resp.system_id }));
    });
    s.on('deliver_sm', (pdu) => {
      s.send(pdu.response());
      say({ event: 'deliver_sm', from: pdu.source_addr, to: pdu.destination_addr, esm_class: pdu.esm_class, receipted: pdu.receipted_message_id, state: pdu.message_state });
    });
  }).listen(Number(port), '127.0.0.1', () => say({ event: 'listening' }));
} else {
  session = smpp.connect({ url: 'smpp://127.0.0.1:' + port });
  tell(session);
  session.on('connect', () => session.send(new smpp.PDU('outbind', { system_id: systemId, password })));
  session.on('bind_receiver', (pdu) => {
    session.send(pdu.response({ system_id: systemId }));
    say({ event: 'bound', command: pdu.command, system_id: pdu.system_id, version: pdu.interface_version });
  });
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  session.deliver_sm(JSON.parse(line).fields, (resp) => say({ event: 'acknowledged', status: resp.command_status }));
}).on('close', () => process.exit(0));
