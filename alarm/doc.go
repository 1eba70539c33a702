// Package alarm keeps what a person ought to look at: a list of events, each told
// once. It knows nothing of where conditions come from nor how people are told.
//
// The procedure:
//
//  1. Whoever sees a condition calls Book.Raise as often as it likes; the first
//     call opens an event.
//  2. When the condition is over Book.Clear closes it. What nobody clears, such as
//     unusual traffic, is closed when it has not been raised for an hour.
//  3. A condition that comes back soon opens no new event: a link that flaps is
//     one event with a count.
//  4. Book.Untold gives what is to be told to people: events that were opened, and
//     those that are over after having been told. Each is given once.
//  5. Where several servers share a database, Book.Follow lists what the others
//     tell of, too (follow.go).
package alarm
