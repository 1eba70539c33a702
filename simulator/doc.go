// Package simulator is an SMSC with virtual phones that behaves, and misbehaves, on demand: for the demonstration, for
// tests, and fast enough to stand behind a benchmark.
//
// What happens to one message:
//
//  1. A session reads all that has come on its connection as one batch and takes it apart. session.go, batch.go
//  2. A plan is made for the message: the behaviour in force (behaviour.go), changed by the fate that the last digits
//     of the recipient stand for (fates.go). submit.go
//  3. It is kept as it came (inbox.go), its reference is counted (references.go), and its phone shows it (phones.go,
//     handset.go); if the phone is off, it waits until that changes or its validity ends (store.go).
//  4. The answer is written with all others of the batch (outbox.go), or waits on the timer wheel (wheel.go,
//     schedule.go), as the receipts do (receipt.go).
//  5. Receipts, and what is written on phones (inject.go), go to any session of the account that is bound to receive,
//     within its window; without one they wait. What was not answered when a connection ended is sent again.
//     account.go
//
// A session speaks SMPP or another language (protocol.go): the others are translated at the edge, EMI/UCP by speak_ucp.go,
// ucp_submit.go and ucp_deliver.go, CIMD2 by the files named likewise. What they call a message, which is no number, is an alias (alias.go).
//
// The page and the API are in http.go, static and hub.go; docs/simulator.md describes them.
//
// It decodes with packages smpp, ucp, cimd2 and gsm, so it judges how a gateway behaves and not its octets. It does not use
// smpp.Session, because it has to send what a well-behaved side never sends. Nothing is allocated per message but
// what decoding takes; memory is bounded by Options.
package simulator
