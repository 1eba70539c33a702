// Package directory holds what the operator of a gateway knows of telephone numbers and senders: lists of those that are
// blocked or allowed, and the words by which phones opt out of messages.
//
// A [Numbers] holds millions of entries in eight octets each. A [List] says what such entries are for.
//
// What accounts know of people is there too: a [Contact], a [Group] of them, a [Template] of what is written to them.
// Everything is pure: the caller reads files and keeps the time.
package directory
