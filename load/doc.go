// Package load sends many messages and measures what becomes of them: over SMPP, EMI/UCP and CIMD2, over the REST interface and over
// Kannel's sendsms.
//
// One run:
//
//  1. Every connection claims numbers of messages, as its window, the rate and the end of the run allow. run.go
//  2. It patches number and recipient into a PDU or a request that was prepared once. session.go, http.go
//  3. The answer is booked in the tally of the connection, and in the ledger, where a message is known by its number,
//     and by the id that it was given. session_read.go, tally.go, ledger.go
//  4. Receipts come back on the same sessions, or over HTTP (webhook.go), and are booked likewise; of an HTTP receipt
//     the reference says which message it is for.
//  5. When all is sent, what is still missing is waited for, and the report is made. report.go, histogram.go
//
// What a session speaks is behind a seam (language.go): speak_smpp.go, speak_ucp.go, speak_cimd2.go.
//
// With a rate, the load is open: a message has a time when it should be sent, and latency counts from then, so that a
// server that makes the generator wait does not look faster. Without a rate, the window closes the loop.
package load
