// Package message holds what travels through Kurir and the words for it:
// messages, addresses, states and their legal transitions, failures, reports,
// targets and the log of events from which a trace is assembled.
//
// The life of a message, in the package's own terms:
//
//  1. An interface builds a Message; Accept in package gateway gives it an ID
//     (NewIDs) and its first State, Queued or Scheduled.
//  2. Whatever happens to it is appended to its Log as an Event of a few
//     octets. The log is the only record of attempts: operator ids, answers,
//     receipts and callbacks are read back from it.
//  3. A State changes only as the table in state.go allows; the first final
//     state stands.
//  4. A connector that could not send says why as a Failure; its Kind alone
//     decides whether the message is tried again.
//
// The package is pure: no database, no network, no clock but an argument.
package message
