// Package cimd2 speaks CIMD2, the protocol of Nokia's SMSCs, on either side: as an application that logs in, and as the
// SMSC to which applications log in.
//
// # Packets
//
// A [Packet] is an operation, a number and parameters, which it keeps in the order and the form in which they came,
// unknown ones included. On the wire it is STX, "OO:NNN", a TAB, for each parameter "PPP:value" and a TAB, perhaps a
// checksum, and ETX. [Append] writes one and [Decode] reads one.
//
// What the parameters of an operation mean is said by a type for each ([Login], [Submit], [StatusReport] and so on) with one
// layout method that lists them: [New] makes a packet of it, [Packet.Answer] a response, [Packet.Read] reads it. Names,
// kinds, lengths and ranges stand in one table (param.go), error and status codes in others. New is strict and writes
// nothing that the table forbids; Read is liberal where it does no harm. [Packet.Refuse] makes a negative response,
// [Packet.Refused] finds one.
//
// Texts are septets of the GSM alphabet, one per octet: [AppendText] and [ParseText] convert from and to the characters
// with escapes that CIMD2 has for them. Who has a text of characters uses package gsm before. Times are the SMSC's local
// time: [ParseTime] and [AppendTime] have to be told where it is.
//
// The checksum counts STX, other than that of UCP. It may be left out: Decode takes packets with and without, and
// Packet.Plain tells which it was, so that an answer has one if the request had one.
//
// # Sessions
//
// A session is that of package wire, which has windows, timers and orderly ends; [Protocol] tells it of CIMD2 (session.go):
//
//  1. [Dialer] connects and logs in, asking for a window; an SMSC that refuses it is asked for none. [NewServer] makes a
//     server, which has a function decide on logins and gives each session the window that was asked for.
//  2. Requests are numbered, odd ones of the application and even ones of the SMSC, and answered by [Packet.Answer].
//  3. A request that comes again is answered again and handed on once.
//  4. What cannot be read, such as a packet with a wrong checksum, is answered by a nack. A nack of the peer has the packet sent
//     again, at most three times; one with a number that no packet of ours has says where the peer is, and numbers
//     go on from there. An application that cannot keep what an SMSC delivers may answer it with a nack, as it has no
//     negative response: the packet is handed on again when it comes again.
//  5. Alive is answered, and asked after silence. A general error ends the session. A logout is answered when all requests
//     before it are.
//
// Banner lines and whatever else stands between packets are skipped.
package cimd2
