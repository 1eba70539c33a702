// Package ucp speaks EMI/UCP (versions 4 and 5) on either side: as the application (SMT) that submits messages, and as
// the SMSC.
//
// # PDUs
//
// A [PDU] is a frame: an operation, or the result of one. Each operation has one body type ([Message] serves the eight
// of the 50s, [CallInput], [Login], ...) with one layout method that lists its fields in wire order; a result has a
// [Result]. [Append], [Decode] and [PDU.String] all walk through that layout, so that nothing is described twice.
//
// Append is strict: it writes nothing that a peer could stumble over. Decode is liberal: there may be more fields than
// are known, those at the end may be missing and count as empty, addresses may look like anything, hexadecimal digits
// may be of either case. What it cannot read is a [DecodeError], which knows the code to answer with.
//
// # Messages
//
// A text (AMsg) is octets of an [Alphabet], which differs from SMSC to SMSC; everything else (UTF-16, data) is TMsg, with
// NB as the number of bits. User data header and data coding scheme are [Services] (XSer); [Message.Coding] gives the
// data coding scheme also where they do not name it. [Message.SetSender] and [Message.Sender] deal with names as sender.
//
// An SMSC names a message by its recipient and the second in which it came ([ParseID]), in its local time ([ParseTime]).
// A notification (op 53) comes from that recipient with the same time. A server has to give no two messages to one
// recipient the same second; a client has to live with one that did.
package ucp
