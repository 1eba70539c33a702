// Package billing says what a message costs and when it is paid. It is pure: it
// decides on immutable price lists and on what its caller says, and calls no
// clock, file or database. Money is integers (message.Amount) with a currency
// beside them, never a floating-point number.
//
//  1. ReadList makes a List of the lines of a CSV file, or reports every
//     mistake in it (csv.go).
//  2. List.Rate gives what a message costs by each link that may carry it; the
//     dearest is reserved when the message is accepted (list.go).
//  3. A Reservation goes along with the message and says what becomes of that
//     money: charged at acceptance, when an operator has taken the message, or
//     when it is delivered, else given back (reservation.go).
package billing
