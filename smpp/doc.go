// Package smpp speaks SMPP 3.3, 3.4 and 5.0 on either side: as an ESME that binds to an SMSC, and as the SMSC to which
// ESMEs bind. It depends on nothing but the standard library.
//
// # PDUs
//
// A [PDU] is a header and a [Body]; each command has one body type ([SubmitSM], [BindResp], ...) with one layout
// method that lists its fields in wire order. [Append], [Decode] and [PDU.String] all walk through that layout, so no
// PDU is described twice. Optional parameters keep their order, unknown ones included ([TLVs]).
//
// Append is strict: it writes nothing that breaks a rule of the specification. Decode is liberal: strings may be
// longer than they should (up to 255 characters), bodies of responses may be missing or lack their last NUL, octets
// may follow the end of the fields, and an optional parameter that is cut off is left out. What it cannot read is a
// [DecodeError], which knows the PDU to answer with; only an impossible command_length is beyond recovery.
//
// # Sessions
//
// A [Session] is one connection and looks the same from both sides:
//
//  1. [NewSession] takes a connection, [Session.Run] reads from it: all complete PDUs of one read are decoded, then
//     given to the [Handler] in one call for responses and one for requests (reader.go).
//  2. What does not belong there is answered by the session itself: unknown commands and bodies that cannot be read,
//     commands that the state or the side forbids (state.go), enquire_link, unbind.
//  3. [Session.Send] numbers requests and enters them into the window (window.go), [Session.Respond] answers the peer's.
//     Both only append to a buffer; one goroutine, which exists while there is something to write, writes whatever has
//     gathered in one piece (writer.go).
//  4. A response finds its request by sequence number and command among our own requests. What stays unanswered
//     is given to the handler with an error.
//  5. The timers (bind, enquire_link, response, inactivity) are one function of what happened and of the time; the
//     read's deadline is set to the moment of the next (timers.go).
//  6. When the session ends, for whatever reason, every outstanding request gets its error, and Run returns.
//
// Memory is bounded whatever comes in: a PDU by MaxPDU, the requests of a peer by PeerWindow, and octets that a peer
// does not take by about a mebibyte, above which it is not read from. An idle session has one goroutine and a buffer of
// 4 KiB.
//
// [Session.Info] tells what a session is and how it fares: PDUs both ways, the latency of the peer's answers as a small
// histogram of the last minutes (latency.go), the last errors. [Session.SetTrace] shows its PDUs while somebody looks,
// [Describe] makes a line of each, without passwords and texts (describe.go). [Session.SetPeerWindow] lets a server
// choose to stop reading where it would otherwise refuse.
//
// [Dialer] connects, binds and comes back after failures; [Server] accepts connections and binds.
//
// # Outbind
//
// An SMSC that has something for an ESME that is not bound may call it: it connects to where the ESME listens, sends
// outbind with its system_id and password, and the ESME binds on that connection as receiver or transceiver (SMPP 3.4
// 2.2.1). From the bind on it is a session like any other. [Server.Outbind] is the SMSC's side of it, and gives the bind
// to the Server's Bind; [OutbindListener] is the ESME's, which lets its Check decide on system_id and password. As an
// outbind has no response, a refused one only sees its connection closed.
//
// # Messages
//
// [ParseReceipt], [ReceiptFrom] and [Receipt.Append] deal with the text of delivery receipts, [ParseTime] and
// [AppendTime] with the times of submit_sm. What is inside a text, alphabets and user data headers, is none of
// this package's business.
//
// # Versions
//
// In force is the lower of what both sides speak: interface_version of the bind and sc_interface_version of its response
// (version.go, [Info].Version). SMPP 3.3 gets no optional parameters; in most responses only SMPP 5.0 gets any, among
// them congestion_state, which [SessionConfig].Congestion supplies and [PDU.Congestion] reads (congestion.go). The
// broadcast operations of SMPP 5.0 are refused by the session itself unless SessionConfig.Broadcast is set
// (broadcast.go).
package smpp
