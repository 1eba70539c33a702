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
//
// # Sessions
//
// Sessions are those of package wire, seen from either side:
//
//  1. [NewDialer] connects to an SMSC and logs in with op 60 ([OpenSession]), or not at all where the SMSC knows the
//     account by its address. [NewServer] accepts connections and gives each op 60 to a function that decides; before it
//     is accepted, everything else is refused with 04. There is no log-out: who leaves waits for what is outstanding and
//     closes the connection.
//  2. Operations of ours get the numbers 00 to 99 in turn, none twice while it is outstanding: at most 100 are. The two
//     directions number independently. A result finds its operation by number and type, in any order.
//  3. Op 31 is the question whether the peer lives; a negative result answers it as well as a positive one. Op 31 of the
//     peer is answered by the session itself.
//  4. What cannot be read is refused with 01 (checksum), 02 (syntax) or 03 (unknown operation); octets that are no frames
//     are skipped.
//  5. An operation without a result within the time for it ends the connection, because its number cannot be used again.
package ucp
